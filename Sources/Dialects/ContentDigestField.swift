package import CairnContent
import FoundationEssentials
import StructuredFieldValues

/// `Content-Digest` (RFC 9530, section 2): a dictionary of byte sequences, of which we read and write `sha-256`.
package struct ContentDigestField: Hashable, Sendable, LosslessStringConvertible {
    /// Nil when the field holds other algorithms only.
    package let sha256: Digest?

    package init(_ sha256: Digest) { self.sha256 = sha256 }

    /// The field's value, or nil when it is no dictionary, or its `sha-256` is not 32 bytes.
    package init?(_ description: String) {
        guard let wire = try? StructuredFieldValueDecoder().decode(Wire.self, from: Array(description.utf8)) else {
            return nil  // what is wrong with a malformed field is of no account: it is refused by its name
        }
        sha256 = wire.sha256.flatMap { Digest(bytes: $0.item) }
        if wire.sha256 != nil && sha256 == nil { return nil }
    }

    package var description: String {
        sha256.map { "sha-256=:\(Data($0.bytes).base64EncodedString()):" } ?? ""
    }
}

private struct Wire: StructuredFieldValue {
    static let structuredFieldType = StructuredFieldType.dictionary

    struct Member: Codable { let item: Data }

    let sha256: Member?

    enum CodingKeys: String, CodingKey { case sha256 = "sha-256" }
}
