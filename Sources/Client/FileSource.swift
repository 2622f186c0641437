import CairnContent
import NIOCore

/// A file as a source: each byte is read and digested as it is handed out.
actor FileSource: UploadSource {
    private let file: LocalFile
    private let report: @Sendable (TransferEvent) -> Void
    private var hasher = PrefixHasher(chunkSize: .standard)
    /// Goes up with every try, so that a read that a broken one left behind changes nothing in the next.
    private var generation = 0

    init(_ file: LocalFile, report: @escaping @Sendable (TransferEvent) -> Void = { _ in }) {
        self.file = file
        self.report = report
    }

    var length: Int64? { file.length }

    func prefixDigest(at offset: Int64, chunkSize: ChunkSize) async throws(ClientError) -> Digest? {
        generation += 1
        guard offset <= file.length else { return nil }
        if chunkSize != hasher.chunkSize { hasher = PrefixHasher(chunkSize: chunkSize) }
        hasher.rewind(to: offset)
        while hasher.offset < offset {
            report(.verifying(offset: hasher.offset, of: offset))
            _ = try await read(at: hasher.offset, upTo: Int(min(Int64(Remote.partLength), offset - hasher.offset)))
        }
        return hasher.prefixDigest
    }

    func bytes(at offset: Int64) async throws(ClientError) -> ByteBuffer? {
        guard offset < file.length else { return nil }
        let part = try await read(at: offset, upTo: Remote.partLength)
        // Before the last bytes leave: without them the server completes nothing.
        if hasher.offset == file.length { try await confirm() }
        return part
    }

    func confirm() async throws(ClientError) { try await file.confirm() }

    private func read(at offset: Int64, upTo limit: Int) async throws(ClientError) -> ByteBuffer {
        let generation = generation
        let part = try await file.read(at: offset, upTo: limit)
        guard generation == self.generation, offset == hasher.offset else { throw .cancelled }
        try hasher.consume(part.readableBytesUInt8Span)
        return part
    }
}
