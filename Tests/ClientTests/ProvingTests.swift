import CairnClient
import CairnContent
import CairnEngine
import Testing

@Suite struct `Proving to hold chunks` {
    private func missing(_ indices: Range<Int>) -> MissingIndices { MissingIndices(indices, in: 0..<1000) }

    @Test func `one chunk is proven, and all once it was taken`() {
        var proving = Proving(.minimum)
        #expect(proving.choice(of: missing(5..<300)) == [5])
        #expect(proving.segmentLimit == UploadPlan.segmentLimit)
        proving.proven([5], missing: missing(6..<300))
        #expect(proving.choice(of: missing(6..<300)) == Array(6..<262))
        #expect(proving.segmentLimit == 256)
        proving.proven(Array(6..<262), missing: missing(6..<261))
        #expect(proving.areTaken)
        proving.proven(Array(6..<262), missing: missing(6..<262))
        #expect(proving.choice(of: missing(6..<300)) == [6])
    }

    @Test func `after four in vain none is proven`() {
        var proving = Proving(.minimum)
        for _ in 0..<4 {
            #expect(proving.choice(of: missing(0..<2)) == [0])
            proving.proven([0], missing: missing(0..<2))
        }
        #expect(proving.choice(of: missing(0..<2)).isEmpty)
    }

    @Test func `nothing is proven of what is not missing`() {
        #expect(Proving(.minimum).choice(of: missing(0..<0)).isEmpty)
    }

    @Test func `32 MiB are proven at a time, and one chunk at least`() throws {
        for (length, limit) in [(65_536, 256), (1 << 20, 32), (16 << 20, 2)] {
            var proving = Proving(try #require(ChunkSize(length)))
            proving.proven([0], missing: missing(1..<2))
            #expect(proving.segmentLimit == limit)
        }
    }
}
