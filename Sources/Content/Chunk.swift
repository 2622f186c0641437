/// A run of a file's bytes, by its place in the file and its entry.
public struct Chunk: Hashable, Sendable {
    /// Where it begins, in bytes from the start of the file.
    public let offset: Int64
    /// Digest and length of its bytes.
    public let entry: Entry

    /// A chunk that starts `offset` bytes from the start of the file.
    public init(offset: Int64, entry: Entry) {
        self.offset = offset
        self.entry = entry
    }
}
