import CairnContent
import Hashing
import Testing

@Suite struct `A damaged manifest` {
    private static let intact = [[], [65_536, 65_536, 9], [9, 65_536, 1]].map { lengths in
        (try? Manifest(chunkSize: .minimum, entries: entries(lengths: lengths)))?.bytes ?? []
    }

    @Test(arguments: intact) func `is refused for every flipped bit of its header`(intact: [UInt8]) {
        var damaged = intact
        for bit in 0..<ManifestHeader.length * 8 {
            damaged[bit / 8] ^= 1 << (bit % 8)
            let expected: ManifestError = bit < 32 ? .notAManifest : .damagedHeader
            #expect(throws: expected, "bit \(bit)") { try Manifest(reading: damaged) }
            damaged[bit / 8] ^= 1 << (bit % 8)
        }
    }

    @Test(arguments: intact) func `is refused, or has another content id, for every flipped bit of its entries`(
        intact: [UInt8]
    ) throws {
        let manifest = try Manifest(reading: intact)
        var damaged = intact
        for bit in ManifestHeader.length * 8..<intact.count * 8 {
            damaged[bit / 8] ^= 1 << (bit % 8)
            let read = try? Manifest(reading: damaged)
            #expect(read?.contentID != manifest.contentID, "bit \(bit)")
            damaged[bit / 8] ^= 1 << (bit % 8)
        }
    }

    @Test(arguments: intact) func `is refused when cut or extended anywhere`(intact: [UInt8]) {
        for count in 0..<intact.count {
            #expect(throws: ManifestError.self, "\(count) bytes") { try Manifest(reading: Array(intact.prefix(count))) }
        }
        #expect(throws: ManifestError.self) { try Manifest(reading: intact + [0]) }
    }

    @Test(arguments: Seed.some) func `never traps, and is accepted only as what it would be written as`(seed: Seed) {
        var random = seed
        var accepted = 0
        for _ in 0..<30_000 {
            let bytes = damaged(&random)
            guard let manifest = try? Manifest(reading: bytes) else { continue }
            accepted += 1
            #expect(manifest.bytes == bytes)
        }
        // Else the damage is too coarse to reach the rules behind the checksum.
        #expect(accepted > 100)
    }

    /// Some bytes changed, cut or added, and mostly the checksum set right again.
    private func damaged(_ random: inout Seed) -> [UInt8] {
        var bytes = Self.intact[Int.random(in: 0..<Self.intact.count, using: &random)]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            bytes[place] = [0, 1, 255, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
        }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
        case 1: bytes += random.bytes(Int.random(in: 1...80, using: &random))
        default: break
        }
        if bytes.count >= 32, Int.random(in: 0..<10, using: &random) > 0 { sum(&bytes) }
        return bytes
    }

    private func sum(_ bytes: inout [UInt8]) {
        let checksum = CRC32C.checksum(bytes.span.extracting(first: 28))
        for place in 0..<4 { bytes[28 + place] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * place)) }
    }
}
