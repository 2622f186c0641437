/// How far an upload has come, and what it holds up to there.
public struct Prefix: Hashable, Sendable {
    /// The prefix ends here, in bytes from the start of the file.
    public let offset: Int64
    /// The prefix digest at `offset` (spec/prefix-digest.md).
    public let digest: Digest

    /// - Parameter offset: In bytes, from 0.
    public init(offset: Int64, digest: Digest) {
        self.offset = offset
        self.digest = digest
    }
}
