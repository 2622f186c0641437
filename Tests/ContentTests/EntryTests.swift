import CairnContent
import Testing

@Suite struct `Chunk sizes and entries` {
    @Test func `the chunk sizes are the nine powers of two from 64 KiB to 16 MiB`() {
        let powers = (0..<Int.bitWidth - 1).map { 1 << $0 }
        #expect(powers.compactMap { ChunkSize($0)?.length } == (16...24).map { 1 << $0 })
        #expect(ChunkSize(ChunkSize.standard.length) == .standard)
        #expect(ChunkSize.minimum < .standard && .standard < ChunkSize.maximum)
    }

    @Test(arguments: [Int.min, -65_536, 0, 1, 65_535, 65_537, 98_304, (16 << 20) + 1, 32 << 20, Int.max])
    func `other lengths are no chunk size`(length: Int) {
        #expect(ChunkSize(length) == nil)
    }

    @Test func `an entry is 1 byte to 16 MiB long`() {
        let some = digest(of: [])
        #expect([1, 16 << 20].allSatisfy { Entry(checking: some, length: $0)?.length == $0 })
        #expect([Int.min, -1, 0, (16 << 20) + 1, .max].allSatisfy { Entry(checking: some, length: $0) == nil })
    }
}
