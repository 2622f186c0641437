import CairnContent
import CairnDialects
import NIOHTTP1

/// What a server says it can do (`GET /v1`).
struct Capabilities: Decodable, Sendable {
    /// Of uploads that it begins, in bytes.
    let chunkSize: Int
    /// How many connections help.
    let concurrency: Int?
    /// The content codings of a chunk.
    let encodings: [String]?

    /// The chunk size for a file of `length` bytes: the server's, or the next with which its manifest has room.
    func chunkSize(for length: Int64 = 0) throws(ClientError) -> ChunkSize {
        guard let standard = ChunkSize(chunkSize) else { throw .notUnderstood("its chunk size is \(chunkSize)") }
        var (chunkSize, limit) = (standard, Int64(0))
        while true {
            limit = Int64(Manifest.countLimit) * Int64(chunkSize.length)
            if length <= limit { return chunkSize }
            guard let next = ChunkSize(2 * chunkSize.length) else { throw .tooLong(limit: limit) }
            chunkSize = next
        }
    }

    /// The most connections that send chunks of one upload.
    var laneLimit: Int { min(max(1, concurrency ?? 4), Self.most) }

    var takesBlocks: Bool { encodings?.contains("lz4") ?? false }

    private static let most = 16
}

extension Remote {
    /// What the server can do; asked once.
    func capabilities() async throws(ClientError) -> Capabilities {
        if let known = known.now { return known }
        let capabilities = try await ask(.GET, "/v1").decoded(as: Capabilities.self)
        known.change { $0 = capabilities }
        return capabilities
    }

    /// How many connections send the chunks of one upload.
    func lanes(_ capabilities: Capabilities) -> LaneCount {
        connections.map(LaneCount.init(fixed:)) ?? LaneCount(limit: capabilities.laneLimit)
    }

    /// The chunk size of uploads that the server begins.
    func chunkSize() async throws(ClientError) -> ChunkSize { try await capabilities().chunkSize() }

    /// Does `work` when there is room for `length` bytes of it in memory, beside what other files take.
    func holding<Result>(
        _ length: Int, _ work: () async throws(ClientError) -> Result
    ) async throws(ClientError) -> Result {
        let length = min(length, Self.memoryLimit)
        try await room.until { $0 < length ? nil : ($0 -= length) }
        defer { room.change { $0 += length } }
        return try await work()
    }

    /// How many bytes of files are held at a time, of all files together.
    static let memoryLimit = 48 << 20
}
