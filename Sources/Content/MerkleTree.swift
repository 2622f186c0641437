/// The tree over entries and its proofs, at entry boundaries (spec/prefix-digest.md; RFC 9162, section 2.1).
public enum MerkleTree {
    /// The root over `entries`: the content id of a file of these chunks.
    public static func root(of entries: some Collection<Entry>) -> Digest {
        Run(entries).prefixDigest()
    }

    /// The siblings on the way from the leaf of the entry at `index` up to the root (section 2.1.3.1).
    ///
    /// Reads every entry once.
    public static func inclusionProof(of index: Int, in entries: [Entry]) -> [Digest] {
        precondition(entries.indices.contains(index), "no such entry")
        var proof: [Digest] = []
        var rest = entries[...]
        while rest.count > 1 {
            let (left, right) = halves(of: rest)
            proof.append(root(of: index < right.startIndex ? right : left))
            rest = index < right.startIndex ? left : right
        }
        return proof.reversed()
    }

    /// What shows that the tree over the first `oldCount` entries is the beginning of the whole (section 2.1.4.1).
    ///
    /// Empty when `oldCount` is 0 or all: then there is nothing to show. Reads every entry once.
    public static func consistencyProof(from oldCount: Int, in entries: [Entry]) -> [Digest] {
        precondition((0...entries.count).contains(oldCount), "not so many entries")
        guard oldCount > 0, oldCount < entries.count else { return [] }
        var proof: [Digest] = []
        var rest = entries[...]
        while rest.endIndex != oldCount {
            let (left, right) = halves(of: rest)
            proof.append(root(of: oldCount <= right.startIndex ? right : left))
            rest = oldCount <= right.startIndex ? left : right
        }
        // A left subtree that is the whole old tree is known to who asks.
        if rest.startIndex > 0 { proof.append(root(of: rest)) }
        return proof.reversed()
    }

    /// Two or more entries, split at the largest power of two below their count.
    private static func halves(of entries: ArraySlice<Entry>) -> (left: ArraySlice<Entry>, right: ArraySlice<Entry>) {
        let half = 1 << (Int.bitWidth - 1 - (entries.count - 1).leadingZeroBitCount)
        return (entries.prefix(half), entries.dropFirst(half))
    }
}
