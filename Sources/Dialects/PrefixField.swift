package import CairnContent
package import CairnEngine
import FoundationEssentials
import StructuredFieldValues

/// `Upload-Prefix` and `If-Upload-Prefix`: a prefix digest with the offset it stands at (spec/http.md).
///
/// An RFC 9651 item: `:<base64>:;offset=<n>;chunk-size=<n>`. In `If-Upload-Prefix` the parameters say nothing.
package struct PrefixField: Hashable, Sendable {
    package let digest: Digest
    /// In bytes.
    package let offset: Int64?
    /// How the prefix is cut; nil when only the manifest tells the cuts.
    package let chunkSize: ChunkSize?

    package init(digest: Digest, offset: Int64? = nil, chunkSize: ChunkSize? = nil) {
        self.digest = digest
        self.offset = offset
        self.chunkSize = chunkSize
    }

    /// What an answer states of an upload.
    package init(_ upload: Upload) {
        self.init(upload.prefix, chunkSize: upload.isRagged ? nil : upload.chunkSize)
    }

    init(_ prefix: Prefix, chunkSize: ChunkSize? = nil) {
        self.init(digest: prefix.digest, offset: prefix.offset, chunkSize: chunkSize)
    }
}

extension PrefixField: LosslessStringConvertible {
    /// The field's value, or nil unless it is an item of 32 bytes; parameters it does not know are passed over.
    package init?(_ description: String) {
        guard let wire = try? StructuredFieldValueDecoder().decode(Wire.self, from: Array(description.utf8)),
            let digest = Digest(bytes: wire.item)
        else { return nil }  // what is wrong with a malformed field is of no account: it is refused by its name
        let chunkSize = wire.parameters.chunkSize
        guard (wire.parameters.offset ?? 0) >= 0, chunkSize == nil || chunkSize.flatMap({ ChunkSize($0) }) != nil else {
            return nil
        }
        self.init(digest: digest, offset: wire.parameters.offset, chunkSize: chunkSize.flatMap { ChunkSize($0) })
    }

    package var description: String {
        ":\(Data(digest.bytes).base64EncodedString()):"
            + (offset.map { ";offset=\($0)" } ?? "") + (chunkSize.map { ";chunk-size=\($0.length)" } ?? "")
    }
}

private struct Wire: StructuredFieldValue {
    static let structuredFieldType = StructuredFieldType.item

    struct Parameters: Codable {
        let offset: Int64?
        let chunkSize: Int?

        enum CodingKeys: String, CodingKey {
            case offset
            case chunkSize = "chunk-size"
        }
    }

    let item: Data
    let parameters: Parameters
}
