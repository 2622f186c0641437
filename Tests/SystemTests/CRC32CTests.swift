import Hashing
import Testing

@Suite struct `Checksums by CRC32C` {
    private struct Vectors: Decodable {
        struct Case: Decodable {
            let name: String
            let hex: String
            let checksum: String
        }
        let cases: [Case]
    }

    @Test func `the vectors come out, by the instruction and by the tables`() throws {
        for vector in try vectors("crc32c.json", as: Vectors.self).cases {
            let message = bytes(hex: vector.hex)
            let expected = try #require(UInt32(vector.checksum, radix: 16))
            #expect(checksum(message) == expected, "\(vector.name)")
            #expect(portableChecksum(message) == expected, "\(vector.name)")
        }
    }

    @Test(arguments: Seed.some) func `instruction and tables agree at every length and alignment`(seed: Seed) {
        var random = seed
        let message = random.bytes(300)
        for start in 0..<16 {
            for end in start...message.count {
                let part = message.span.extracting(start..<end)
                let fast = CRC32C.checksum(part)
                let slow = CRC32C.portableChecksum(part)
                #expect(fast == slow, "\(start)..<\(end)")
            }
        }
    }

    @Test(arguments: Seed.some) func `a checksum goes on from any place`(seed: Seed) {
        var random = seed
        let message = random.bytes(100)
        let whole = checksum(message)
        for place in 0...message.count {
            let start = CRC32C.checksum(message.span.extracting(first: place))
            let end = CRC32C.checksum(message.span.extracting(droppingFirst: place), continuing: start)
            let slowEnd = CRC32C.portableChecksum(message.span.extracting(droppingFirst: place), continuing: start)
            #expect(end == whole, "at \(place)")
            #expect(slowEnd == whole, "at \(place)")
        }
    }

    @Test(arguments: Seed.some) func `instruction and tables agree where lanes begin, end and are joined`(seed: Seed) {
        var random = seed
        let message = random.bytes(4 * 3072)
        for lanes in 0...3 {
            for length in max(0, lanes * 3072 - 20)...(lanes * 3072 + 20) {
                let part = message.span.extracting(lanes..<(lanes + length))
                let before = UInt32.random(in: .min ... .max, using: &random)
                let fast = CRC32C.checksum(part, continuing: before)
                let slow = CRC32C.portableChecksum(part, continuing: before)
                #expect(fast == slow, "\(length) bytes, continuing \(before)")
            }
        }
    }

    @Test func `every flip of one bit is found`() {
        var seed = Seed(6)
        var message = seed.bytes(60)
        let intact = checksum(message)
        for bit in 0..<message.count * 8 {
            message[bit / 8] ^= 1 << (bit % 8)
            #expect(checksum(message) != intact, "bit \(bit)")
            message[bit / 8] ^= 1 << (bit % 8)
        }
    }
}

private func checksum(_ message: [UInt8]) -> UInt32 { CRC32C.checksum(message.span) }
private func portableChecksum(_ message: [UInt8]) -> UInt32 { CRC32C.portableChecksum(message.span) }
