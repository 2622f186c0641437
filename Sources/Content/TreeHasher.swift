import Hashing

/// Digests the leaves and nodes of the tree over entries (spec/prefix-digest.md, "The tree"; RFC 9162, section 2.1.1).
///
/// One hasher for many nodes: making it costs more than a node does.
struct TreeHasher: ~Copyable {
    /// The root of the tree without entries: the digest of nothing.
    static let emptyRoot = Digest(hashing: [UInt8]().span)

    private var hasher = SHA256()

    /// SHA-256 of 00, the entry's digest and its length in four bytes.
    mutating func leaf(_ entry: Entry) -> Digest {
        var bytes = InlineArray<37, UInt8>(repeating: 0)
        var span = bytes.mutableSpan
        entry.digest.write(to: &span, at: 1)
        span.write(bigEndian: UInt32(entry.length), at: 33)
        return digest(of: span.span)
    }

    /// SHA-256 of 01 and the roots of the two halves.
    mutating func node(_ left: Digest, _ right: Digest) -> Digest {
        var bytes = InlineArray<65, UInt8>(repeating: 0)
        var span = bytes.mutableSpan
        span[0] = 1
        left.write(to: &span, at: 1)
        right.write(to: &span, at: 33)
        return digest(of: span.span)
    }

    private mutating func digest(of bytes: Span<UInt8>) -> Digest {
        hasher.update(bytes)
        return Digest(hasher.finish())
    }
}
