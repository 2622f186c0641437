/// Cuts a stream of bytes into chunks of one size and digests each on the way.
///
/// The chunks do not depend on how the stream was split into the spans it came in.
public struct Chunker: ~Copyable, Sendable {
    private let chunkSize: ChunkSize
    private var hasher = ContentHasher()
    private var offset: Int64 = 0
    private var openLength = 0

    /// Begins at the start of a file.
    public init(chunkSize: ChunkSize) {
        self.chunkSize = chunkSize
    }

    /// Reads `bytes` once, in place, and hands over every chunk that ends in them.
    ///
    /// After `emit` has thrown the rest of `bytes` is unread, so this chunker is of no more use.
    public mutating func consume<Failure: Error>(
        _ bytes: Span<UInt8>, emit: (Chunk) throws(Failure) -> Void
    ) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            let length = min(rest.count, chunkSize.length - openLength)
            hasher.update(rest.extracting(first: length))
            openLength += length
            rest = rest.extracting(droppingFirst: length)
            if openLength == chunkSize.length { try emit(closeChunk()) }
        }
    }

    /// The last, shorter chunk, if bytes are left.
    public consuming func finish() -> Chunk? {
        openLength == 0 ? nil : closeChunk()
    }

    private mutating func closeChunk() -> Chunk {
        let chunk = Chunk(offset: offset, entry: Entry(digest: hasher.finish(), length: openLength))
        offset += Int64(openLength)
        openLength = 0
        return chunk
    }
}
