public import CairnContent

/// With which upload links are signed (spec/security.md, "Upload links"): made from a token's secret, so its holder has
/// it, and kept beside the token's digest, so that the server can verify. From it no token can be made.
public struct LinkKey: Hashable, Sendable {
    private let bytes: Digest

    /// HMAC-SHA256, keyed by the 64 digits of the token's secret, over `cairn upload link 1`.
    public init(of token: TokenText) {
        let secret = Array(token.description.utf8.suffix(64))
        bytes = ChunkProof.hmac(secret, over: Array("cairn upload link 1".utf8).span)
    }

    init?(text: String) {
        guard let bytes = Digest(text) else { return nil }
        self.bytes = bytes
    }

    var text: String { bytes.description }

    /// HMAC-SHA256 over `text`.
    public func signature(of text: some StringProtocol) -> Digest {
        ChunkProof.hmac(bytes.bytes, over: Array(text.utf8).span)
    }
}
