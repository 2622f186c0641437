import CairnContent
import Testing

@Suite struct `A frame` {
    private let digest = Digest(hashing: [1, 2, 3].span)

    private func parsed(_ bytes: [UInt8]) -> ChunkFrame? { ChunkFrame(header: bytes.span) }

    @Test func `begins with digest, two lengths and a codec`() throws {
        let frame = try #require(ChunkFrame(Entry(digest: digest, length: 0x010203), codec: .lz4, wireLength: 0x0405))
        #expect(frame.header == digest.bytes + [0, 1, 2, 3, 0, 0, 4, 5, 1])
        #expect(frame.header.count == ChunkFrame.headerLength)
        #expect(parsed(frame.header) == frame)
        #expect(parsed(frame.header + [9, 9]) == frame)
    }

    @Test(
        arguments: [
            (0, 0, 0), (5, 4, 0), (5, 6, 0), (5, 5, 1), (5, 6, 1), (5, 0, 1), (1, 1, 1), (5, 5, 2), (5, 5, 255),
            ((16 << 20) + 1, (16 << 20) + 1, 0), (0xFFFF_FFFF, 1, 1),
        ] as [(UInt32, UInt32, UInt8)])
    func `of lengths that no chunk can have is none`(plain: UInt32, wire: UInt32, codec: UInt8) {
        #expect(parsed(digest.bytes + bytes(plain) + bytes(wire) + [codec]) == nil)
    }

    private func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    @Test func `may be as long as the longest chunk`() {
        let entry = Entry(digest: digest, length: Entry.lengthLimit)
        #expect(ChunkFrame(entry, codec: .plain, wireLength: entry.length) != nil)
        #expect(ChunkFrame(entry, codec: .lz4, wireLength: entry.length - 1) != nil)
        #expect(ChunkFrame(entry, codec: .lz4, wireLength: entry.length) == nil)
    }

    @Test func `has one of four verdicts`() {
        #expect(ChunkFrame.Verdict.allCases.map(\.rawValue) == [0, 1, 2, 3])
    }
}

@Suite struct `A chunk's block` {
    private func encoding(_ bytes: [UInt8]) -> [UInt8]? { ChunkBlock.encoding(bytes.span) }

    private func decoded(_ block: [UInt8], to length: Int) -> [UInt8]? { ChunkBlock.decode(block.span, to: length) }

    @Test(arguments: [1 << 10, 100_000, 4 << 20])
    func `is kept when it saves a sixteenth, and gives the bytes back`(length: Int) throws {
        let text = (0..<length).map { UInt8(truncatingIfNeeded: $0 / 7 % 26 + 97) }
        let block = try #require(encoding(text))
        #expect(block.count <= length - length / 16)
        #expect(decoded(block, to: length) == text)
        #expect(decoded(block, to: length - 1) == nil)
        #expect(decoded(block, to: length + 1) == nil)
    }

    @Test func `is none of bytes that do not compress`() {
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let pays = ChunkBlock.pays(noise.span)
        #expect(!pays)
        #expect(encoding(noise) == nil)
    }

    @Test(arguments: [-1, 0, (16 << 20) + 1, .max]) func `never stands for a length that no chunk has`(length: Int) {
        #expect(decoded([0], to: length) == nil)
    }
}
