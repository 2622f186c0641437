import CairnContent
import CairnEngine

/// How far a server is with a local file, and whether what it has are that file's bytes.
public struct Comparison: Hashable, Sendable {
    /// What the server has under the file's name; nil when nothing.
    public let upload: UploadState?
    /// The local file's length in bytes.
    public let length: Int64
    /// Whether the server's prefix is this file's; nil when the server has nothing or does not tell how it is cut.
    public let agrees: Bool?
}

extension Remote {
    /// Looks how far the server is with the file at `path`, and digests as many of its bytes to compare them.
    ///
    /// - Parameter name: The name that it was put under.
    public func compare(_ path: String, name: String) async throws(ClientError) -> Comparison {
        try await LocalFile.opened(path) { file throws(ClientError) in
            let key = FileKey(name: name, length: file.length, modified: file.stamp.modified)
            guard let upload = try await look(key) else {
                return Comparison(upload: nil, length: file.length, agrees: nil)
            }
            let agrees = try await agrees(file, upload)
            return Comparison(upload: upload, length: file.length, agrees: agrees)
        }
    }

    private func agrees(_ file: LocalFile, _ upload: UploadState) async throws(ClientError) -> Bool? {
        guard let chunkSize = upload.chunkSize.flatMap({ ChunkSize($0) }), let theirs = Digest(upload.prefix) else {
            return nil
        }
        let source = FileSource(file, report: report)
        return try await source.prefixDigest(at: upload.offset, chunkSize: chunkSize) == theirs
    }
}
