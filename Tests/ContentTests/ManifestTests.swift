import CairnContent
import Testing

@Suite struct `A manifest` {
    private static let size = ChunkSize.minimum.length

    @Test func `knows the length of its file and whether it is ragged`() throws {
        let cases: [(lengths: [Int], isRagged: Bool)] = [
            ([], false), ([1], false), ([Self.size], false), ([Self.size, 1], false), ([1, 1], true),
            ([1, Self.size], true), ([Self.size, 1, Self.size], true), ([Self.size - 1, 1], true),
        ]
        for (lengths, isRagged) in cases {
            let manifest = try Manifest(chunkSize: .minimum, entries: entries(lengths: lengths))
            #expect(manifest.length == Int64(lengths.reduce(0, +)), "\(lengths)")
            #expect(manifest.isRagged == isRagged, "\(lengths)")
        }
    }

    @Test func `has no entry longer than its chunk size`() throws {
        let wide = entries(lengths: [1, Self.size + 1])
        #expect(throws: ManifestError.entryLength(index: 1, length: Self.size + 1, limit: Self.size)) {
            try Manifest(chunkSize: .minimum, entries: wide)
        }
        #expect(try Manifest(chunkSize: .doubled, entries: wide).length == Int64(Self.size + 2))
    }

    @Test func `has at most 1,048,576 entries`() throws {
        let full = Array(repeating: entries(1)[0], count: Manifest.countLimit)
        let manifest = try Manifest(chunkSize: .minimum, entries: full)
        #expect(manifest.length == 1 << 20)
        #expect(throws: ManifestError.tooManyEntries(limit: 1 << 20)) {
            try Manifest(chunkSize: .minimum, entries: full + full.prefix(1))
        }
    }

    @Test(arguments: [[], [1], [65_536], [65_536, 65_536, 5], [1, 65_536, 7, 65_536], [3, 3, 3]])
    func `finds the entry of every offset`(lengths: [Int]) throws {
        let manifest = try Manifest(chunkSize: .minimum, entries: entries(lengths: lengths))
        var start: Int64 = 0
        for (index, length) in lengths.enumerated() {
            #expect(manifest.offset(of: index) == start)
            for offset in [start, start + Int64(length) / 2, start + Int64(length) - 1] {
                #expect(manifest.index(at: offset) == index, "offset \(offset)")
            }
            start += Int64(length)
        }
        for offset in [Int64.min, -1, start, start + 1, .max] { #expect(manifest.index(at: offset) == nil) }
    }

    @Test func `reduces its beginning to a run`() throws {
        let manifest = try Manifest(chunkSize: .minimum, entries: entries(30))
        for count in 0...30 { #expect(manifest.run(first: count) == Run(entries(count))) }
    }
}

@Suite struct `A growing manifest` {
    private static let size = ChunkSize.minimum.length

    @Test(arguments: [[], [1], [65_536, 65_536], [65_536, 9], [9, 65_536], [65_536, 9, 9]])
    func `sealed is the manifest of its entries`(lengths: [Int]) throws {
        let all = entries(lengths: lengths)
        var growing = GrowingManifest(chunkSize: .minimum)
        for (index, entry) in all.enumerated() {
            let before = try Manifest(chunkSize: .minimum, entries: Array(all[..<index]))
            #expect(growing.run.prefixDigest() == before.contentID)
            #expect(growing.isRagged == before.isRagged)
            #expect(growing.length == before.length)
            try growing.append(entry)
        }
        #expect(growing.seal() == (try Manifest(chunkSize: .minimum, entries: all)))
    }

    @Test func `refuses what is too long, and stays as it was`() throws {
        var growing = GrowingManifest(chunkSize: .minimum)
        try growing.append(entries(lengths: [5])[0])
        let before = growing
        #expect(throws: ManifestError.entryLength(index: 1, length: Self.size + 1, limit: Self.size)) {
            try growing.append(entries(lengths: [Self.size + 1])[0])
        }
        #expect(growing == before)
    }

    @Test func `takes 1,048,576 entries and not one more`() throws {
        var growing = GrowingManifest(chunkSize: .minimum)
        let entry = entries(lengths: [Self.size])[0]
        for _ in 0..<Manifest.countLimit { try growing.append(entry) }
        #expect(throws: ManifestError.tooManyEntries(limit: 1 << 20)) { try growing.append(entry) }
        #expect(growing.seal().length == 1 << 36)
    }
}
