import CairnDialects
import CairnEngine
import Hummingbird
import NIOCore
import Synchronization

/// The bytes of an answer, some of them a file's: each chunk is verified before any of it is sent.
final class FileBody: Sendable {
    private let engine: Engine
    private let upload: Upload
    private let parts: [Answer.Part]
    /// The file's first bytes, read before the answer begins; let go of once they are sent.
    private let opening: Mutex<ByteBuffer?>

    /// Reads the first chunk at once, so that damage there is an answer and not a broken one.
    init(_ parts: [Answer.Part], of upload: Upload, _ engine: Engine) async throws(StoreError) {
        self.engine = engine
        self.upload = upload
        self.parts = parts
        var first: ByteBuffer?
        for case .file(let range) in parts.prefix(2) where first == nil {
            var bytes = engine.bytes(range, of: upload).makeAsyncIterator()
            first = try await bytes.next()
        }
        opening = Mutex(first)
    }

    /// Writes all of it. An error after the first byte breaks the body off: the client sees that it is short.
    func write(to writer: inout any ResponseBodyWriter, _ meter: Meter, _ presence: Presence?) async throws {
        for part in parts {
            switch part {
            case .bytes(let bytes): try await Self.write(ByteBuffer(bytes: bytes), to: &writer, meter)
            case .file(var range):
                if let first = opening.withLock({ $0.take() }) {
                    range = range.lowerBound + Int64(first.readableBytes)..<range.upperBound
                    try await Self.write(first, to: &writer, meter)
                }
                for try await bytes in engine.bytes(range, of: upload) {
                    if let presence, presence.isCut { throw Revoked() }
                    try await Self.write(bytes, to: &writer, meter)
                }
            }
        }
    }

    private static func write(
        _ bytes: ByteBuffer, to writer: inout any ResponseBodyWriter, _ meter: Meter
    ) async throws {
        try await writer.write(bytes)
        meter.add(bytes.readableBytes)
    }
}
