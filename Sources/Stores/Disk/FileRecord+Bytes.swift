import CairnContent
package import CairnEngine
import FoundationEssentials
package import NIOCore

/// The coding of file records: manifest, facts as JSON, digest of both (spec/disk-format.md, "File record").
extension FileRecord {
    /// The most bytes of a record: a manifest of 36 MiB, and what a client may say besides.
    static let lengthLimit = 40 << 20

    /// What is said of a file besides its bytes.
    private struct Facts: Codable {
        var id: String
        var owner: String
        /// Seconds since 1970.
        var created: Int64
        var name: String?
        var type: String?
    }

    package var bytes: ByteBuffer {
        let facts = Facts(
            id: id.description, owner: owner.description, created: created.seconds, name: metadata.name,
            type: metadata.type)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let json = try? encoder.encode(facts) else {
            preconditionFailure("text and numbers always encode")  // whatever it says, the mistake is ours
        }
        var bytes = ByteBuffer(bytes: manifest.bytes)
        bytes.writeInteger(UInt32(json.count))
        bytes.writeBytes(json)
        bytes.writeBytes(Digest(hashing: bytes.readableBytesUInt8Span).bytes)
        return bytes
    }

    /// Reads a record; nil unless every byte of it is as it was written.
    package init?(_ bytes: ByteBuffer) {
        var rest = bytes
        guard
            let content = rest.readSlice(length: rest.readableBytes - Digest.length),
            Digest(bytes: rest.readableBytesView) == Digest(hashing: content.readableBytesUInt8Span)
        else { return nil }
        self.init(content: content)
    }

    private init?(content: ByteBuffer) {
        var content = content
        // How a part is damaged helps nobody: the digest before has told that it was not on the way.
        guard
            let header = try? ManifestHeader(content.readableBytesUInt8Span),
            let coded = content.readSlice(length: header.encodedLength),
            let manifest = try? Manifest(bytes: coded.readableBytesUInt8Span),
            let length: UInt32 = content.readInteger(), Int(length) == content.readableBytes,
            let facts = try? JSONDecoder().decode(Facts.self, from: Data(content.readableBytesView)),
            let id = UploadID(facts.id)
        else { return nil }
        self.init(
            id: id, owner: Principal(facts.owner), created: Timestamp(seconds: facts.created),
            metadata: Metadata(name: facts.name, type: facts.type), manifest: manifest)
    }
}
