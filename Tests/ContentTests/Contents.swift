import CairnContent

/// Bytes of the file most vectors are about: byte i is (7i + 3) mod 251.
func content(_ range: Range<Int>) -> [UInt8] {
    range.map { UInt8((7 * $0 + 3) % 251) }
}

func digest(of bytes: [UInt8]) -> Digest {
    Digest(hashing: bytes.span)
}

/// Entries that all differ: entry i is of the four bytes of i, and i + 1 long, as in tree.json.
func entries(_ count: Int) -> [Entry] {
    (0..<count).map { index in
        Entry(digest: digest(of: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: index >> $0) }), length: index + 1)
    }
}

/// The entries of `content`, cut into chunks of these lengths.
func entries(lengths: [Int]) -> [Entry] {
    var start = 0
    return lengths.map { length in
        defer { start += length }
        return Entry(digest: digest(of: content(start..<start + length)), length: length)
    }
}

extension ChunkSize {
    /// 128 KiB: neither the smallest nor the standard.
    static let doubled = ChunkSize(2 * ChunkSize.minimum.length) ?? .minimum
}
