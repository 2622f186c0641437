package import NIOCore

/// The last bytes of a stream, held so that a broken upload can go on where the server acknowledged.
package struct StreamWindow {
    /// Where the held bytes begin and end, in bytes from the start of the stream.
    package private(set) var range: Range<Int64> = 0..<0
    private var parts: [ByteBuffer] = []

    /// Holds nothing yet.
    package init() {}

    /// Holds the stream's next bytes.
    package mutating func append(_ part: ByteBuffer) {
        guard part.readableBytes > 0 else { return }
        parts.append(part)
        range = range.lowerBound..<range.upperBound + Int64(part.readableBytes)
    }

    /// Lets go of parts that lie wholly before `offset`.
    package mutating func drop(before offset: Int64) {
        var start = range.lowerBound
        let kept = parts.firstIndex { part in
            guard start + Int64(part.readableBytes) <= offset else { return true }
            start += Int64(part.readableBytes)
            return false
        }
        parts.removeFirst(kept ?? parts.count)
        range = start..<range.upperBound
    }

    /// The bytes from `offset` to the end of the part they are in; nil when none are held there.
    package func bytes(at offset: Int64) -> ByteBuffer? {
        guard range.contains(offset) else { return nil }
        var start = range.lowerBound
        for part in parts {
            let end = start + Int64(part.readableBytes)
            guard offset >= end else {
                return part.getSlice(at: part.readerIndex + Int(offset - start), length: Int(end - offset))
            }
            start = end
        }
        return nil
    }
}
