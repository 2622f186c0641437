import CairnContent
import Testing

@Suite struct `A growing tree` {
    private let vectors: TreeVectors

    init() throws {
        vectors = try ContentTests.vectors("tree.json")
    }

    @Test func `has the root of the vectors at every count`() {
        var peaks = TreePeaks()
        #expect(peaks.root == vectors.roots[0])
        for (index, listed) in vectors.entries.enumerated() {
            peaks.append(listed.entry)
            #expect(peaks.count == index + 1)
            #expect(peaks.root == vectors.roots[index + 1], "\(index + 1) entries")
        }
    }

    @Test func `knows its root with one more entry, without taking it in`() {
        var peaks = TreePeaks()
        for (index, listed) in vectors.entries.enumerated() {
            let before = peaks
            #expect(peaks.root(closing: listed.entry) == vectors.roots[index + 1])
            #expect(peaks == before)
            peaks.append(listed.entry)
        }
    }

    @Test func `grows by entries at once as one by one, and by leaves as by entries`() {
        for cut in 0...vectors.entries.count {
            var peaks = TreePeaks()
            for listed in vectors.entries[..<cut] { peaks.append(listed.entry) }
            peaks.append(contentsOf: vectors.entries[cut...].map(\.entry))
            #expect(peaks.root == vectors.roots.last, "cut at \(cut)")
        }
        var peaks = TreePeaks()
        for leaf in vectors.leaves { peaks.append(leaf: leaf) }
        #expect(peaks.root == vectors.roots.last)
    }

    @Test func `is kept as its peaks, and goes on from them`() throws {
        var peaks = TreePeaks()
        for listed in vectors.entries {
            #expect(peaks.bytes.count == peaks.count.nonzeroBitCount * 32)
            peaks = try #require(TreePeaks(count: peaks.count, bytes: peaks.bytes))
            peaks.append(listed.entry)
        }
        #expect(peaks.root == vectors.roots.last)
    }

    @Test func `is refused when peaks and count do not fit`() {
        var peaks = TreePeaks()
        peaks.append(contentsOf: vectors.entries.prefix(5).map(\.entry))
        let bytes = peaks.bytes
        #expect(TreePeaks(count: 5, bytes: bytes) == peaks)
        for count in [Int.min, -1, 0, 1, 4, 7, Int.max] { #expect(TreePeaks(count: count, bytes: bytes) == nil) }
        #expect(TreePeaks(count: 5, bytes: bytes.dropLast()) == nil)
        #expect(TreePeaks(count: 5, bytes: bytes + [0]) == nil)
        #expect(TreePeaks(count: 0, bytes: []) == TreePeaks())
    }
}
