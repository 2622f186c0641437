extension Manifest {
    /// Where the chunk of the entry at `index` begins, in bytes from the start of the file.
    public func offset(of index: Int) -> Int64 {
        precondition(entries.indices.contains(index), "no such entry")
        return isRagged ? starts[index] : Int64(index) * Int64(chunkSize.length)
    }

    /// The index of the entry whose chunk holds the byte at `offset`, or nil when the file has no such byte.
    public func index(at offset: Int64) -> Int? {
        guard offset >= 0, offset < length else { return nil }
        return isRagged ? lastStart(upTo: offset) : Int(offset / Int64(chunkSize.length))
    }

    /// The first `count` entries, reduced to what the prefix digest needs of them.
    package func run(first count: Int) -> Run {
        precondition((0...entries.count).contains(count), "not so many entries")
        return Run(entries[..<count])
    }

    /// The prefix digest at `offset`, or nil when the file does not reach so far or `cutting` does not know.
    ///
    /// - Parameter cutting: The digest of the bytes before `offset` of the chunk with this index. Asked only when
    ///   `offset` is inside a chunk, and then once.
    public func prefixDigest(at offset: Int64, cutting: (_ index: Int) -> Digest?) -> Digest? {
        guard offset != length else { return contentID }
        guard let index = index(at: offset) else { return nil }
        let tail = Int(offset - self.offset(of: index))
        guard tail > 0 else { return run(first: index).prefixDigest() }
        return cutting(index).map { run(first: index).prefixDigest(tail: Entry(digest: $0, length: tail)) }
    }

    /// The last entry that begins at or before `offset`; the first begins at zero.
    private func lastStart(upTo offset: Int64) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }
}
