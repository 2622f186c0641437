/// How a client shows that it holds a chunk, and not only its digest (spec/native.md, "Proofs").
package enum ChunkProof {
    /// The bytes of a nonce.
    package static let nonceLength = 16

    /// HMAC-SHA256 (RFC 2104) over the chunk's bytes, keyed by the nonce.
    package static func hmac(_ nonce: [UInt8], over bytes: Span<UInt8>) -> Digest {
        var inner = ContentHasher()
        inner.update(pad(nonce, 0x36).span)
        inner.update(bytes)
        let digest = inner.finish()
        var outer = ContentHasher()
        outer.update(pad(nonce, 0x5C).span)
        outer.update(digest.bytes.span)
        return outer.finish()
    }

    /// The key filled up to a block of SHA-256, each byte changed by `mask`.
    private static func pad(_ key: [UInt8], _ mask: UInt8) -> [UInt8] {
        precondition(key.count <= 64, "a nonce is shorter than a block")
        return key.map { $0 ^ mask } + Array(repeating: mask, count: 64 - key.count)
    }
}
