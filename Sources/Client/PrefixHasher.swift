package import CairnContent

/// Digests a source's bytes in order, and knows the prefix digest wherever it stands.
package struct PrefixHasher: ~Copyable {
    package let chunkSize: ChunkSize
    /// The whole chunks so far.
    package private(set) var entries: [Entry] = []
    private var run = Run()
    private var hasher = ContentHasher()
    private var openLength = 0

    package init(chunkSize: ChunkSize) { self.chunkSize = chunkSize }

    /// How many bytes it has seen.
    package var offset: Int64 { run.length + Int64(openLength) }

    /// The prefix digest at `offset`.
    package var prefixDigest: Digest {
        run.prefixDigest(tail: openLength == 0 ? nil : Entry(digest: hasher.digest(), length: openLength))
    }

    /// The prefix digest at the end of the first `count` whole chunks and `tail` after them.
    package func prefixDigest(first count: Int, tail: Entry?) -> Digest {
        Run(entries[..<count]).prefixDigest(tail: tail)
    }

    /// Goes on with `bytes`, read in place.
    package mutating func consume(_ bytes: Span<UInt8>) throws(ClientError) {
        var rest = bytes
        while !rest.isEmpty {
            let length = min(rest.count, chunkSize.length - openLength)
            hasher.update(rest.extracting(first: length))
            openLength += length
            rest = rest.extracting(droppingFirst: length)
            if openLength == chunkSize.length { try closeChunk() }
        }
    }

    /// Goes back to the last end of a chunk at or before `offset`, unless it has not come so far.
    package mutating func rewind(to offset: Int64) {
        guard offset < self.offset else { return }
        entries.removeSubrange(Int(offset / Int64(chunkSize.length))...)
        run = Run(entries)
        _ = hasher.finish()
        openLength = 0
    }

    private mutating func closeChunk() throws(ClientError) {
        guard entries.count < Manifest.countLimit else {
            throw .tooLong(limit: Int64(Manifest.countLimit) * Int64(chunkSize.length))
        }
        let entry = Entry(digest: hasher.finish(), length: openLength)
        entries.append(entry)
        run.append(entry)
        openLength = 0
    }
}
