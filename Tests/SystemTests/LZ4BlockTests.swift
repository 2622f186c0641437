import LZ4
import Testing

@Suite struct `LZ4 blocks` {
    @Test(arguments: Seed.some) func `what was compressed comes back`(seed: Seed) throws {
        var random = seed
        for length in [1, 2, 12, 13, 64, 255, 4096, 65_535, 65_536, 65_537, 300_000] {
            let plain = wordy(length, &random)
            let block = try #require(compress(plain, atMost: length + 20))
            #expect(decompress(block, to: length) == plain, "\(length) bytes")
        }
    }

    @Test func `a block is kept only when it is within the limit`() throws {
        var seed = Seed(7)
        let plain = wordy(10_000, &seed)
        let block = try #require(compress(plain, atMost: plain.count))
        #expect(compress(plain, atMost: block.count) == block)
        #expect(compress(plain, atMost: block.count - 1) == nil)
        #expect(compress(plain, atMost: 0) == nil)
        #expect(compress(plain, atMost: -1) == nil)
        #expect(compress(plain, atMost: .max) == block)
    }

    @Test func `bytes that do not compress are given up`() {
        var seed = Seed(8)
        let plain = seed.bytes(100_000)
        #expect(compress(plain, atMost: plain.count - plain.count / 16) == nil)
    }

    @Test func `there is no block of nothing`() {
        #expect(compress([], atMost: 100) == nil)
        #expect(decompress([0], to: 0) == nil)
        #expect(decompress([], to: 0) == nil)
        #expect(decompress([], to: 1) == nil)
    }

    @Test func `a probe tells words from noise, and looks at 64 KiB only`() {
        var seed = Seed(9)
        let words = wordy(LZ4Block.probeLength, &seed)
        let noise = seed.bytes(LZ4Block.probeLength)
        #expect(pays(words))
        #expect(pays(words + noise + noise))
        #expect(!pays(noise))
        #expect(!pays(noise + words + words))
        #expect(!pays([]))
    }

    @Test(arguments: [(32, false), (17, false), (15, true), (8, true)])
    func `a sixteenth saved is worth it, and less is not`(divisor: Int, expected: Bool) {
        var seed = Seed(11)
        let zeros = [UInt8](repeating: 0, count: LZ4Block.probeLength / divisor)
        #expect(pays(zeros + seed.bytes(LZ4Block.probeLength - zeros.count)) == expected)
    }

    @Test func `another length than the right one is refused`() throws {
        let plain = [UInt8](repeating: 7, count: 5000)
        let block = try #require(compress(plain, atMost: plain.count))
        for length in [Int.min, -1, 0, 1, 4999, 5001, 6000, Int(Int32.max), Int(Int32.max) + 1, Int.max] {
            #expect(decompress(block, to: length) == nil, "\(length)")
        }
    }

    @Test(arguments: Seed.some) func `a block cut or extended anywhere is refused`(seed: Seed) throws {
        var random = seed
        let plain = wordy(2000, &random)
        let block = try #require(compress(plain, atMost: plain.count))
        for count in 0..<block.count { #expect(decompress(Array(block.prefix(count)), to: plain.count) == nil) }
        for extra in 1..<20 { #expect(decompress(block + random.bytes(extra), to: plain.count) != plain) }
    }

    @Test(arguments: Seed.some) func `a damaged block gives no bytes, or as many as were asked for`(seed: Seed) throws {
        var random = seed
        let plain = wordy(1500, &random)
        let block = try #require(compress(plain, atMost: plain.count))
        for _ in 0..<20_000 {
            var damaged = block
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<block.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let result = decompress(damaged, to: plain.count)
            #expect(result == nil || result?.count == plain.count)
        }
    }

    @Test(arguments: Seed.some) func `noise is no block, and does no harm`(seed: Seed) {
        var random = seed
        for _ in 0..<20_000 {
            let noise = random.bytes(Int.random(in: 1...80, using: &random))
            let length = Int.random(in: 1...4000, using: &random)
            let result = decompress(noise, to: length)
            #expect(result == nil || result?.count == length)
        }
    }

    @Test func `a match before the start of the bytes is refused`() {
        // One literal, then a match of four bytes two places back.
        #expect(decompress([0x10, 0x41, 0x02, 0x00, 0x50, 1, 2, 3, 4, 5], to: 10) == nil)
    }

    @Test func `the densest block expands by less than 256`() throws {
        let length = 16 << 20
        let plain = [UInt8](repeating: 0, count: length)
        let block = try #require(compress(plain, atMost: length))
        #expect(length / block.count <= 255)
        #expect(decompress(block, to: length) == plain)
    }
}

private func compress(_ plain: [UInt8], atMost limit: Int) -> [UInt8]? { LZ4Block.compress(plain.span, atMost: limit) }
private func decompress(_ block: [UInt8], to length: Int) -> [UInt8]? { LZ4Block.decompress(block.span, to: length) }
private func pays(_ sample: [UInt8]) -> Bool { LZ4Block.pays(sample.span) }

/// Bytes that repeat themselves about as much as text does.
private func wordy(_ length: Int, _ random: inout Seed) -> [UInt8] {
    let words = (0..<40).map { _ in random.bytes(Int.random(in: 2...9, using: &random)) }
    var bytes: [UInt8] = []
    while bytes.count < length { bytes += words[Int.random(in: 0..<words.count, using: &random)] }
    return Array(bytes.prefix(length))
}
