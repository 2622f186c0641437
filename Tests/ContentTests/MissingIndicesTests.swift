import CairnContent
import Testing

@Suite struct `The entries a server lacks` {
    @Test(
        arguments: [
            ([], 0..<4, ""), ([1, 2], 0..<4, "1-2"), ([0, 2, 3, 7], 0..<8, "0,2-3,7"), ([100], 100..<101, "100"),
            (Array(0..<1024) + [2048], 0..<4096, "0-1023,2048"),
        ] as [([Int], Range<Int>, String)])
    func `stand as ranges`(indices: [Int], range: Range<Int>, text: String) {
        let missing = MissingIndices(indices, in: range)
        #expect(missing.ranges == text)
        #expect(MissingIndices(ranges: text, in: range) == missing)
        #expect(Array(missing.indices) == indices && missing.count == indices.count)
    }

    @Test(
        arguments: [
            ([], 0..<0, []), ([], 0..<1, [0]), ([0], 0..<1, [0x80]), ([0, 2, 4, 6], 0..<8, [0xAA]),
            ([10, 17, 18], 10..<19, [0x81, 0x80]),
        ] as [([Int], Range<Int>, [UInt8])])
    func `stand as a bitmap, the first in the highest bit`(indices: [Int], range: Range<Int>, bytes: [UInt8]) {
        let missing = MissingIndices(indices, in: range)
        #expect(missing.bitmap == bytes)
        #expect(MissingIndices(bitmap: bytes, in: range) == missing)
    }

    @Test func `travel in the shorter form`() {
        #expect(MissingIndices(0..<8192, in: 0..<8192).form == .ranges("0-8191"))
        let every = stride(from: 0, to: 8192, by: 2)
        #expect(MissingIndices(every, in: 0..<8192).form == .bitmap(Array(repeating: 0xAA, count: 1024)))
        // Four characters either way: the one that can be read is taken.
        #expect(MissingIndices([0, 10], in: 0..<16).form == .ranges("0,10"))
        #expect(MissingIndices([0, 2, 4], in: 0..<16).form == .bitmap([0b1010_1000, 0]))
    }

    @Test func `are the same from both forms, for every set of them`() {
        for set in 0..<1 << 10 {
            let missing = MissingIndices((0..<10).filter { set >> $0 & 1 == 1 }.map { $0 + 5 }, in: 5..<15)
            #expect(MissingIndices(ranges: missing.ranges, in: 5..<15) == missing)
            #expect(MissingIndices(bitmap: missing.bitmap, in: 5..<15) == missing)
        }
    }

    @Test(arguments: [
        "-", "1-", "-1", "a", "1,", ",1", "1,,2", "2-1", "3,2", "1,1", "0-1,1-2", "4", "0-4", " 1", "1 ", "+1", "1-2-3",
        "00000000001", "9999999999999999999", "1;2", "0,1,2,3,3",
    ])
    func `are refused as ranges that are no such thing`(text: String) {
        #expect(MissingIndices(ranges: text, in: 0..<4) == nil)
    }

    @Test func `may come as ranges that touch`() {
        #expect(MissingIndices(ranges: "0,1-2", in: 0..<4) == MissingIndices([0, 1, 2], in: 0..<4))
    }

    @Test(arguments: [[], [0, 0, 0], [0, 1], [0, 0x40]] as [[UInt8]])
    func `are refused as a bitmap of another length, or of entries that are not spoken of`(bytes: [UInt8]) {
        #expect(MissingIndices(bitmap: bytes, in: 0..<9) == nil)
    }
}
