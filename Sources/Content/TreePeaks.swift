/// A growing tree over entries, in as little as its root needs: the roots of its whole subtrees, one for each bit set
/// in the count (spec/prefix-digest.md, "Growing").
package struct TreePeaks: Hashable, Sendable {
    /// How many leaves the tree has.
    package private(set) var count = 0
    /// The largest subtree first.
    private var peaks: [Digest] = []

    /// The tree without entries.
    package init() {}

    /// The peaks written as `bytes` by a tree of `count` leaves, or nil when they cannot be.
    package init?(count: Int, bytes: some Collection<UInt8>) {
        guard count >= 0, bytes.count == count.nonzeroBitCount * Digest.length else { return nil }
        var rest = bytes[...]
        while let digest = Digest(bytes: rest.prefix(Digest.length)) {
            peaks.append(digest)
            rest = rest.dropFirst(Digest.length)
        }
        self.count = count
    }

    /// The peaks one after the other, the largest subtree's first: 32 bytes for each bit set in `count`.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(peaks.count * Digest.length)
        for peak in peaks { peak.append(to: &bytes) }
        return bytes
    }

    /// The root of the tree.
    package var root: Digest {
        guard let last = peaks.last else { return TreeHasher.emptyRoot }
        var hasher = TreeHasher()
        return fold(peaks.dropLast(), last, &hasher)
    }

    /// The root of the tree with `entry` as one more leaf.
    package func root(closing entry: Entry) -> Digest {
        var hasher = TreeHasher()
        let leaf = hasher.leaf(entry)
        return fold(peaks[...], leaf, &hasher)
    }

    /// Adds the leaf of `entry`.
    package mutating func append(_ entry: Entry) {
        append(contentsOf: CollectionOfOne(entry))
    }

    /// Adds the leaves of `entries`, in order.
    package mutating func append(contentsOf entries: some Sequence<Entry>) {
        var hasher = TreeHasher()
        for entry in entries { append(leaf: hasher.leaf(entry), &hasher) }
    }

    /// Adds a leaf by its digest, which is not that of its chunk.
    package mutating func append(leaf: Digest) {
        var hasher = TreeHasher()
        append(leaf: leaf, &hasher)
    }

    /// As adding one to a binary number carries, so two peaks of one size become the next larger.
    private mutating func append(leaf: Digest, _ hasher: inout TreeHasher) {
        var peak = leaf
        for _ in 0..<(~count).trailingZeroBitCount {
            peak = hasher.node(peaks.removeLast(), peak)
        }
        peaks.append(peak)
        count += 1
    }

    /// From the right, each peak takes what stands right of it as its sibling.
    private func fold(_ peaks: ArraySlice<Digest>, _ last: Digest, _ hasher: inout TreeHasher) -> Digest {
        var root = last
        for peak in peaks.reversed() { root = hasher.node(peak, root) }
        return root
    }
}
