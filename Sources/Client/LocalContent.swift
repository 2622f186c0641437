public import CairnContent

/// What a local file holds, without a server.
public struct LocalContent: Hashable, Sendable {
    /// The content id: what a server of the same chunk size would name the file.
    public let contentID: Digest
    /// In bytes.
    public let length: Int64

    /// Reads and digests the file at `path`.
    public init(
        of path: String, chunkSize: ChunkSize = .standard,
        report: @escaping @Sendable (TransferEvent) -> Void = { _ in }
    ) async throws(ClientError) {
        self = try await LocalFile.opened(path) { file throws(ClientError) in
            let source = FileSource(file, report: report)
            let digest = try await source.prefixDigest(at: file.length, chunkSize: chunkSize)
            try await file.confirm()
            guard let digest else { throw .changed(path: path) }
            return LocalContent(contentID: digest, length: file.length)
        }
    }

    private init(contentID: Digest, length: Int64) {
        self.contentID = contentID
        self.length = length
    }
}
