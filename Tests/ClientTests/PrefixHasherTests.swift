import CairnClient
import CairnContent
import Testing

@Suite struct `A source's prefix digest` {
    /// spec/prefix-digest.md.
    private static let vectors: [(Int, String)] = [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "2ecb71b4a818abce047fb0f77cc52193e4cd52d13a61d95ec0e1ddce89302d52"),
        (65_536, "d9c9a3985ab765bedaaedeaef03942f66750a8a942d059b6ad2262ef0e67c3d4"),
        (65_537, "7af50819111e1d686749f50a8c354b3a52e77b8a7676bc3cb008ddc15dad278d"),
        (200_000, "4816a93270c730abf10c3eeb7453351e66da814f3f82d8e9874383c861bf56d4"),
    ]

    private func hasher(_ bytes: ArraySlice<UInt8>, part: Int = .max) throws -> PrefixHasher {
        var hasher = PrefixHasher(chunkSize: .minimum)
        var rest = bytes
        while !rest.isEmpty {
            try hasher.consume(Array(rest.prefix(part)).span)
            rest = rest.dropFirst(part)
        }
        return hasher
    }

    @Test(arguments: vectors, [1000, 65_536, .max])
    func `is that of the specification`(vector: (Int, String), part: Int) throws {
        let hasher = try hasher(content(200_000)[..<vector.0], part: part)
        #expect("\(hasher.prefixDigest)" == vector.1)
        #expect(hasher.offset == Int64(vector.0))
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 100_000, 131_072, 199_999, 200_000, 300_000])
    func `goes back to the end of a chunk, and on from there`(offset: Int) throws {
        var hasher = try hasher(content(200_000)[...])
        hasher.rewind(to: Int64(offset))
        let start = Int(hasher.offset)
        #expect(start == (offset >= 200_000 ? 200_000 : offset / 65_536 * 65_536))
        try hasher.consume(Array(content(200_000)[start...]).span)
        #expect("\(hasher.prefixDigest)" == Self.vectors[4].1)
    }

    @Test func `is known at an earlier end of a chunk with a tail behind it`() throws {
        let hasher = try hasher(content(200_000)[...])
        let tail = Entry(digest: Digest(hashing: Array(content(65_537)[65_536...]).span), length: 1)
        #expect("\(hasher.prefixDigest(first: 1, tail: tail))" == Self.vectors[3].1)
        #expect("\(hasher.prefixDigest(first: 1, tail: nil))" == Self.vectors[2].1)
    }
}

@Suite struct `Where to send from` {
    private let ours = Digest(hashing: [UInt8]([1]).span)
    private let theirs = Digest(hashing: [UInt8]([2]).span)

    @Test func `the beginning, when nothing is there`() {
        let start = Start(Standing(offset: 0), own: ours)
        #expect(start.offset == 0 && start.prefix == nil && !start.changed)
    }

    @Test func `the server's offset, when both digests agree`() {
        let start = Start(Standing(offset: 70, digest: ours), own: ours)
        #expect(start.offset == 70 && start.prefix == ours && !start.changed)
    }

    @Test func `the beginning, when they differ`() {
        let start = Start(Standing(offset: 70, digest: theirs), own: ours)
        #expect(start.offset == 0 && start.prefix == nil && start.changed)
    }

    @Test func `the beginning, when there is nothing to compare`() {
        #expect(Start(Standing(offset: 70, digest: theirs), own: nil).changed)
        #expect(Start(Standing(offset: 70), own: nil).changed)
    }
}
