/// A manifest while its file is still being learned: entries are added at the end until it is sealed.
package struct GrowingManifest: Hashable, Sendable {
    package let chunkSize: ChunkSize
    /// In the order of the file.
    package private(set) var entries: [Entry] = []
    /// Whether an entry before the last is shorter than the chunk size.
    package private(set) var isRagged = false
    /// All entries so far.
    package private(set) var run = Run()

    /// A manifest without entries.
    package init(chunkSize: ChunkSize) {
        self.chunkSize = chunkSize
    }

    /// The length of the file so far, in bytes.
    package var length: Int64 { run.length }

    /// Adds the next entry; one after a short entry makes the manifest ragged.
    ///
    /// - Throws: `entryLength` when the entry is longer than the chunk size, `tooManyEntries` at the limit. Nothing is
    ///   added then.
    package mutating func append(_ entry: Entry) throws(ManifestError) {
        guard entries.count < Manifest.countLimit else { throw .tooManyEntries(limit: Manifest.countLimit) }
        guard entry.length <= chunkSize.length else {
            throw .entryLength(index: entries.count, length: entry.length, limit: chunkSize.length)
        }
        if let last = entries.last, last.length < chunkSize.length { isRagged = true }
        entries.append(entry)
        run.append(entry)
    }

    /// The manifest of the file that ends here.
    package consuming func seal() -> Manifest {
        Manifest(chunkSize: chunkSize, entries: entries, run: run, isRagged: isRagged)
    }
}
