extension MerkleTree {
    /// Whether `proof` shows that `entry` stands at `index` among the `count` entries under `root` (section 2.1.3.2).
    ///
    /// Any values are safe to ask with; the work is bounded by the height of the tree, however long the proof is.
    public static func verifyInclusion(
        of entry: Entry, at index: Int, count: Int, proof: [Digest], root: Digest
    ) -> Bool {
        guard index >= 0, index < count else { return false }
        var hasher = TreeHasher()
        var way = Way(place: index, last: count - 1)
        var climbed = hasher.leaf(entry)
        for sibling in proof {
            guard let side = way.climb() else { return false }
            climbed = side == .left ? hasher.node(sibling, climbed) : hasher.node(climbed, sibling)
        }
        return way.isAtRoot && climbed == root
    }

    /// Whether `proof` shows that the tree of `oldCount` entries under `oldRoot` is the beginning of the tree of
    /// `newCount` entries under `newRoot` (section 2.1.4.2).
    ///
    /// The tree without entries is the beginning of every tree, and each tree its own, both with an empty proof.
    /// Any values are safe to ask with; the work is bounded by the height of the tree, however long the proof is.
    public static func verifyConsistency(
        from oldCount: Int, _ oldRoot: Digest, to newCount: Int, _ newRoot: Digest, proof: [Digest]
    ) -> Bool {
        guard oldCount >= 0, oldCount <= newCount else { return false }
        if oldCount == newCount { return proof.isEmpty && oldRoot == newRoot }
        if oldCount == 0 { return proof.isEmpty && oldRoot == TreeHasher.emptyRoot }
        // The climb begins at the last whole subtree of the old tree; when that is all of it, the proof leaves it out.
        let isWhole = oldCount.nonzeroBitCount == 1
        guard let start = isWhole ? oldRoot : proof.first else { return false }
        var way = Way(place: oldCount - 1, last: newCount - 1)
        way.skipWholeSubtree()
        return climb(way, from: start, by: proof.dropFirst(isWhole ? 0 : 1)) == [oldRoot, newRoot]
    }

    /// The roots of the old and the new tree as `proof` has them, or nil when it is too long or too short.
    private static func climb(_ start: Way, from digest: Digest, by proof: ArraySlice<Digest>) -> [Digest]? {
        var hasher = TreeHasher()
        var way = start
        var old = digest
        var new = digest
        for sibling in proof {
            guard let side = way.climb() else { return nil }
            // What stands left was there before; what stands right came later.
            if side == .left { old = hasher.node(sibling, old) }
            new = side == .left ? hasher.node(sibling, new) : hasher.node(new, sibling)
        }
        return way.isAtRoot ? [old, new] : nil
    }
}

/// The way from a leaf to the root: on which side the next sibling stands.
private struct Way {
    enum Side { case left, right }

    /// Where the climb is on its level, and the last place there: the RFC's fn and sn.
    private var place: Int
    private var last: Int

    init(place: Int, last: Int) {
        self.place = place
        self.last = last
    }

    var isAtRoot: Bool { last == 0 }

    /// Goes to the root of the largest whole subtree that ends here.
    mutating func skipWholeSubtree() {
        let levels = (~place).trailingZeroBitCount
        place >>= levels
        last >>= levels
    }

    /// Goes one sibling up, or stays and answers nil at the root.
    mutating func climb() -> Side? {
        guard last > 0 else { return nil }
        let side: Side = place & 1 == 1 || place == last ? .left : .right
        // The last place of a level may have no sibling there: then the one of a level above is next.
        if side == .left, place & 1 == 0 { ascend(place.trailingZeroBitCount) }
        ascend(1)
        return side
    }

    private mutating func ascend(_ levels: Int) {
        place >>= levels
        last >>= levels
    }
}
