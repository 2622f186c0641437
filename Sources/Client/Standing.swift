package import CairnContent
import CairnDialects
package import CairnEngine

/// What the server has of an upload, as it answers the resumption question.
package struct Standing: Hashable, Sendable {
    /// In bytes.
    package let offset: Int64
    /// The server's prefix digest at `offset`; nil when it proves nothing.
    package let digest: Digest?
    /// How the prefix is cut; nil for an upload that does not exist yet, or that was joined from others.
    package let chunkSize: ChunkSize?
    package let id: UploadID?

    package init(offset: Int64, digest: Digest? = nil, chunkSize: ChunkSize? = nil, id: UploadID? = nil) {
        self.offset = offset
        self.digest = digest
        self.chunkSize = chunkSize
        self.id = id
    }

    /// What an answer of `/status` says (spec/x-start-byte.md).
    init(_ answer: Answer) throws(ClientError) {
        guard let offset = Int64(answer.text), offset >= 0 else {
            throw .notUnderstood("it answers `/status` with something that is no number")
        }
        let prefix = answer.prefix
        guard offset == 0 || prefix?.offset == offset else {
            throw .notUnderstood("it does not prove what it has (`Upload-Prefix`)")
        }
        self.init(offset: offset, digest: prefix?.digest, chunkSize: prefix?.chunkSize, id: answer.location)
    }
}

/// Where to send from.
package struct Start: Hashable, Sendable {
    /// In bytes.
    package let offset: Int64
    /// What the server must still have before `offset`; nil at the beginning.
    package let prefix: Digest?
    /// Whether the server has other bytes under this name.
    package let changed: Bool
    /// Whether the server has an upload under this name, with the same bytes as far as it goes.
    package let isKnown: Bool

    /// Decides by the prefix digests of both sides.
    ///
    /// - Parameter own: The source's at the server's offset; nil when the source is shorter or cannot be compared.
    package init(_ standing: Standing, own: Digest?) {
        let agrees = own != nil && own == standing.digest
        changed = standing.offset > 0 && !agrees
        isKnown = agrees
        offset = agrees ? standing.offset : 0
        prefix = agrees && standing.offset > 0 ? own : nil
    }
}
