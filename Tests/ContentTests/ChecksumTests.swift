import CairnContent
import Testing

@Suite struct `Checksums of a client's choice` {
    @Test func `all are computed in one pass, and nothing that was not asked for`() {
        let bytes = Array("hello".utf8)
        var hasher = ChecksumHasher(Checksum.Algorithm.allCases)
        hasher.update(bytes.span)
        let all = hasher.finish()
        #expect(Set(all.map(\.algorithm)) == Set(Checksum.Algorithm.allCases))
        #expect(all.contains(Checksum(Digest(hashing: bytes.span))))
        #expect(all.contains(Checksum(.crc32, [0x36, 0x10, 0xA6, 0x86])!))
        for algorithm in Checksum.Algorithm.allCases {
            var one = ChecksumHasher([algorithm])
            for byte in bytes { one.update([byte].span) }
            let found = one.finish()
            #expect(found.count == 1 && found.isSubset(of: all))
        }
    }

    @Test(arguments: Checksum.Algorithm.allCases)
    func `one of the wrong length is none`(algorithm: Checksum.Algorithm) {
        for length in [0, algorithm.length - 1, algorithm.length + 1] {
            #expect(Checksum(algorithm, [UInt8](repeating: 0, count: length)) == nil)
        }
        #expect(Checksum(algorithm, [UInt8](repeating: 0, count: algorithm.length)) != nil)
    }
}
