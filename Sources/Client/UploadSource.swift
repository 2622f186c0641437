package import CairnContent
package import NIOCore

/// Where an upload's bytes come from: a file, which can be read again, or a stream, which cannot.
package protocol UploadSource: Sendable {
    /// The length in bytes; nil until a stream has ended.
    var length: Int64? { get async }
    /// The prefix digest of the source's own bytes at `offset`, or nil when it is shorter.
    ///
    /// Afterwards the bytes are handed out from `offset`. A stream throws when it no longer holds them.
    func prefixDigest(at offset: Int64, chunkSize: ChunkSize) async throws(ClientError) -> Digest?
    /// The next bytes from `offset`, where the last ones ended; nil at the end of the source.
    func bytes(at offset: Int64) async throws(ClientError) -> ByteBuffer?
    /// Returns when what was handed out is one state of the source, and throws when it changed on the way.
    func confirm() async throws(ClientError)
}
