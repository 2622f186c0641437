/// What a whole file is: the digests and lengths of its chunks in order (spec/manifest.md).
public struct Manifest: Hashable, Sendable {
    /// The most entries a manifest may have.
    public static let countLimit = 1 << 20

    /// The length of every chunk but the last, unless the manifest is ragged.
    public let chunkSize: ChunkSize
    /// In the order of the file.
    public let entries: [Entry]
    /// The length of the file, in bytes.
    public let length: Int64
    /// Whether an entry before the last is shorter than the chunk size, as when files were joined.
    public let isRagged: Bool
    /// The digest that names the file: its prefix digest at its length.
    public let contentID: Digest
    /// Where each chunk begins; empty unless ragged, as it follows from the chunk size.
    let starts: [Int64]

    /// The manifest of a file whose chunks are `entries`.
    ///
    /// - Throws: `tooManyEntries`, or `entryLength` for the first entry longer than the chunk size.
    public init(chunkSize: ChunkSize, entries: [Entry]) throws(ManifestError) {
        guard entries.count <= Self.countLimit else { throw .tooManyEntries(limit: Self.countLimit) }
        if let index = entries.firstIndex(where: { $0.length > chunkSize.length }) {
            throw .entryLength(index: index, length: entries[index].length, limit: chunkSize.length)
        }
        let isRagged = entries.dropLast().contains { $0.length < chunkSize.length }
        self.init(chunkSize: chunkSize, entries: entries, run: Run(entries), isRagged: isRagged)
    }

    /// The parts have been checked against each other.
    init(chunkSize: ChunkSize, entries: [Entry], run: Run, isRagged: Bool) {
        self.chunkSize = chunkSize
        self.entries = entries
        self.isRagged = isRagged
        length = run.length
        contentID = run.prefixDigest()
        starts = isRagged ? Self.starts(of: entries) : []
    }

    private static func starts(of entries: [Entry]) -> [Int64] {
        var start: Int64 = 0
        return entries.map { entry in
            defer { start += Int64(entry.length) }
            return start
        }
    }
}
