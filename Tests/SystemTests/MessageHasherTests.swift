import Hashing
import Testing

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

@Suite struct `Message digests of the client's choice` {
    /// RFC 1321, appendix A.5; FIPS 180-4's examples.
    private static let known: [(MessageHasher.Algorithm, String, String)] = [
        (.md5, "", "d41d8cd98f00b204e9800998ecf8427e"), (.md5, "abc", "900150983cd24fb0d6963f7d28e17f72"),
        (.sha1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            .sha512, "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
    ]

    @Test(arguments: known)
    func `are those of the standards, however the bytes are split`(
        algorithm: MessageHasher.Algorithm, text: String, digest: String
    ) {
        let bytes = Array(text.utf8)
        for place in 0...bytes.count {
            var hasher = MessageHasher(algorithm)
            hasher.update(bytes.span.extracting(first: place))
            hasher.update(bytes.span.extracting(droppingFirst: place))
            let first = hasher.finish()
            #expect(hex(first) == digest && first.count == algorithm.length)
            hasher.update(bytes.span)
            #expect(hex(hasher.finish()) == digest, "it begins anew")
        }
    }
}

@Suite struct `CRC-32` {
    @Test func `is the one of zip and Ethernet, however the bytes are split`() {
        let bytes = Array("123456789".utf8)
        for place in 0...bytes.count {
            let first = CRC32.checksum(bytes.span.extracting(first: place))
            #expect(CRC32.checksum(bytes.span.extracting(droppingFirst: place), continuing: first) == 0xCBF4_3926)
        }
        #expect(CRC32.checksum([UInt8]().span) == 0)
    }
}
