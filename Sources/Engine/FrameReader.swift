import CairnContent
import NIOCore

/// Takes a body of frames apart, wherever it is cut (spec/native.md, "Many chunks"). Pure: bytes in, events out.
struct FrameReader {
    enum Event {
        /// A frame begins.
        case frame(ChunkFrame)
        /// Bytes of the frame.
        case bytes(ByteBuffer)
        /// The frame is whole.
        case end
        /// What follows is no frame: nothing after it can be told.
        case invalid
    }

    private enum State {
        case header
        /// In a frame, of which so many bytes are still to come.
        case bytes(left: Int)
        case invalid
    }

    private var state = State.header
    private var header = ByteBuffer()

    /// Whether the bytes so far end between two frames.
    var isBetweenFrames: Bool {
        if case .header = state { header.readableBytes == 0 } else { false }
    }

    /// What comes next in `bytes`, from whose front it is taken; nil when they are used up.
    mutating func next(in bytes: inout ByteBuffer) -> Event? {
        switch state {
        case .header: return frame(in: &bytes)
        case .bytes(left: 0):
            state = .header
            return .end
        case .bytes(let left):
            guard let part = bytes.readSlice(length: min(left, bytes.readableBytes)), part.readableBytes > 0 else {
                return nil
            }
            state = .bytes(left: left - part.readableBytes)
            return .bytes(part)
        case .invalid: return nil
        }
    }

    private mutating func frame(in bytes: inout ByteBuffer) -> Event? {
        let lacking = min(ChunkFrame.headerLength - header.readableBytes, bytes.readableBytes)
        if var part = bytes.readSlice(length: lacking) { header.writeBuffer(&part) }
        guard header.readableBytes == ChunkFrame.headerLength else { return nil }
        defer { header.clear() }
        guard let frame = ChunkFrame(header: header.readableBytesUInt8Span) else {
            state = .invalid
            return .invalid
        }
        state = .bytes(left: frame.wireLength)
        return .frame(frame)
    }
}
