/// What a manifest says of one chunk: its digest and its length.
public struct Entry: Hashable, Sendable {
    /// The longest a chunk may be, in bytes: the maximal chunk size.
    public static let lengthLimit = ChunkSize.maximum.length

    /// SHA-256 of the chunk's bytes.
    public let digest: Digest
    /// In bytes, from 1 to `lengthLimit`: the empty chunk does not exist.
    public let length: Int

    /// An entry of a length known to be in range.
    public init(digest: Digest, length: Int) {
        precondition((1...Self.lengthLimit).contains(length), "a chunk has 1 byte to 16 MiB")
        self.digest = digest
        self.length = length
    }

    /// An entry of a length from outside, or nil when it is out of range.
    public init?(checking digest: Digest, length: Int) {
        guard (1...Self.lengthLimit).contains(length) else { return nil }
        self.digest = digest
        self.length = length
    }
}
