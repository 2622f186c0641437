package import CairnContent
package import CairnEngine
import FoundationEssentials

/// What the bodies of native requests say (spec/native.md). Pure: bytes in, values out.
extension Native {
    /// The longest JSON body but that of names, in bytes.
    package static let bodyLimit = 16 * 1024

    /// The longest body that names `count` entries, in bytes: as JSON a digest has 67.
    package static func namesLimit(_ count: Int, _ form: NamesForm) -> Int {
        form == .binary ? count * Digest.length : 1024 + 70 * count
    }

    /// What an upload begins with. An empty body says nothing.
    package static func offer(
        _ bytes: [UInt8], by principal: Principal
    ) throws(RequestError) -> Offer {
        guard !bytes.isEmpty else { return Offer() }
        let body: BeginBody = try decoded(bytes)
        let metadata = Metadata(name: body.name, type: body.type)
        guard metadata.name.map({ !$0.isEmpty && !$0.hasControlCharacter }) ?? true else { throw .body("name") }
        guard metadata.type.map(MediaType.isValid) ?? true else { throw .body("type") }
        guard (0...HTTPFieldLimit.count).contains(body.length ?? 0) else { throw .body("length") }
        let chunkSize = body.chunkSize.flatMap { ChunkSize($0) }
        guard (body.chunkSize == nil) == (chunkSize == nil) else { throw .body("chunkSize") }
        let isNamed = body.fileId.map { !$0.isEmpty && $0.utf8.count <= XStartByte.fileIDLimit } ?? true
        guard isNamed else { throw .body("fileId") }
        return Offer(
            metadata, length: body.length, chunkSize: chunkSize,
            key: body.fileId.map { UploadKey($0, of: principal) }, contentID: try digest(body.contentId, "contentId"),
            startsOver: body.startOver ?? false)
    }

    /// The digests that a body names.
    package static func digests(_ bytes: [UInt8], _ form: NamesForm) throws(RequestError) -> [Digest] {
        switch form {
        case .binary:
            guard bytes.count.isMultiple(of: Digest.length) else { throw .body("digests") }
            return stride(from: 0, to: bytes.count, by: Digest.length).compactMap {
                Digest(bytes: bytes[$0..<($0 + Digest.length)])
            }
        case .json:
            let body: NamesBody = try decoded(bytes)
            return try body.digests.map { text throws(RequestError) in
                guard let digest = Digest(text) else { throw .body("digests") }
                return digest
            }
        }
    }

    /// What a client that completes declares.
    package static func completion(_ bytes: [UInt8]) throws(RequestError) -> (length: Int64?, contentID: Digest?) {
        guard !bytes.isEmpty else { return (nil, nil) }
        let body: CompleteBody = try decoded(bytes)
        guard (0...HTTPFieldLimit.count).contains(body.length ?? 0) else { throw .body("length") }
        return (body.length, try digest(body.contentId, "contentId"))
    }

    /// The nonce and the proofs of a body, by index.
    package static func proofs(
        _ bytes: [UInt8]
    ) throws(RequestError) -> (nonce: [UInt8], proofs: [(index: Int, hmac: Digest)]) {
        let body: ProofsBody = try decoded(bytes)
        guard let nonce = Data(base64Encoded: body.nonce), nonce.count == ChunkProof.nonceLength else {
            throw .body("nonce")
        }
        let proofs = try body.proofs.map { proof throws(RequestError) in
            guard let hmac = Data(base64Encoded: proof.hmac).flatMap({ Digest(bytes: $0) }) else { throw .body("hmac") }
            guard (0..<Manifest.countLimit).contains(proof.index) else { throw .body("index") }
            return (index: proof.index, hmac: hmac)
        }
        return (Array(nonce), proofs)
    }

    private static func digest(_ text: String?, _ member: String) throws(RequestError) -> Digest? {
        guard let text else { return nil }
        guard let digest = Digest(text) else { throw .body(member) }
        return digest
    }

    static func decoded<Body: Decodable>(_ bytes: [UInt8]) throws(RequestError) -> Body {
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)) else {
            throw .body("json")  // what the decoder says quotes what the client sent
        }
        return body
    }

    private struct BeginBody: Decodable {
        var length: Int64?
        var chunkSize: Int?
        var name: String?
        var type: String?
        var fileId: String?
        var contentId: String?
        var startOver: Bool?
    }

    private struct NamesBody: Decodable {
        var digests: [String]
    }

    private struct ProofsBody: Decodable {
        struct Proof: Decodable {
            var index: Int
            var hmac: String
        }

        var nonce: String
        var proofs: [Proof]
    }

    private struct CompleteBody: Decodable {
        var length: Int64?
        var contentId: String?
    }
}

private enum HTTPFieldLimit {
    /// The largest count that any dialect can state: fifteen digits.
    static let count: Int64 = 999_999_999_999_999
}
