import CairnContent
import Testing

@Suite struct `Cutting a stream into chunks` {
    private static let size = ChunkSize.minimum.length
    private static let bytes = content(0..<200_000)

    @Test func `chunks follow each other without gap, and only the last is short`() {
        let chunks = cut(Self.bytes, at: [])
        #expect(chunks.map(\.offset) == [0, 65_536, 131_072, 196_608])
        #expect(chunks.map(\.entry) == entries(lengths: [65_536, 65_536, 65_536, 3_392]))
    }

    @Test(arguments: [0, 1, size - 1, size, size + 1, 2 * size, 2 * size + 1])
    func `a last chunk comes only when bytes are left`(length: Int) {
        let lengths = stride(from: 0, to: length, by: Self.size).map { min(Self.size, length - $0) }
        #expect(cut(content(0..<length), at: []).map(\.entry) == entries(lengths: lengths))
    }

    @Test func `byte by byte they are the same`() {
        #expect(cut(Self.bytes, at: Array(1..<Self.bytes.count)) == cut(Self.bytes, at: []))
    }

    @Test func `cut in two around every chunk boundary they are the same`() {
        let whole = cut(Self.bytes, at: [])
        for place in [0, Self.size, 2 * Self.size, 3 * Self.size, Self.bytes.count] {
            for cutting in max(0, place - 3)...min(Self.bytes.count, place + 3) {
                #expect(cut(Self.bytes, at: [cutting]) == whole, "cut at \(cutting)")
            }
        }
    }

    @Test(arguments: Seed.some) func `for random splits they are the same`(seed: Seed) {
        var random = seed
        let whole = cut(Self.bytes, at: [])
        for _ in 0..<50 {
            let count = Int.random(in: 1...40, using: &random)
            let places = (0..<count).map { _ in Int.random(in: 0...Self.bytes.count, using: &random) }.sorted()
            #expect(cut(Self.bytes, at: places) == whole, "cut at \(places)")
        }
    }

    @Test(arguments: [ChunkSize.doubled, .standard])
    func `a larger chunk size makes longer chunks`(chunkSize: ChunkSize) {
        let lengths = cut(Self.bytes, at: [1000], by: chunkSize).map(\.entry.length)
        #expect(lengths == (chunkSize == .doubled ? [131_072, 68_928] : [200_000]))
    }

    @Test func `an error of the receiver passes through`() {
        struct Full: Error {}
        var chunker = Chunker(chunkSize: .minimum)
        var seen = 0
        #expect(throws: Full.self) {
            try chunker.consume(Self.bytes.span) { _ throws(Full) in
                seen += 1
                if seen == 2 { throw Full() }
            }
        }
        #expect(seen == 2)
    }

    private func cut(_ bytes: [UInt8], at places: [Int], by chunkSize: ChunkSize = .minimum) -> [Chunk] {
        var chunker = Chunker(chunkSize: chunkSize)
        var chunks: [Chunk] = []
        var start = 0
        for end in places + [bytes.count] {
            chunker.consume(bytes.span.extracting(start..<end)) { chunks.append($0) }
            start = end
        }
        if let last = chunker.finish() { chunks.append(last) }
        return chunks
    }
}
