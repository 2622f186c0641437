import AsyncHTTPClient
import CairnContent
import CairnDialects
import CairnEngine
import FoundationEssentials
import HTTPTypes
import NIOCore
import NIOHTTP1

/// How an upload stands, as every answer of the native protocol tells it (spec/native.md, "Begin").
struct NativeState: Decodable {
    let id: String
    let state: String
    let offset: Int64
    let length: Int64?
    let chunkSize: Int?
    let contentId: String?

    var isComplete: Bool { state == "complete" }
}

/// What to begin with.
struct Beginning {
    let length: Int64?
    let chunkSize: ChunkSize
    let key: FileKey
    let metadata: Metadata
    var contentID: Digest?
    var startsOver = false

    var json: JSON {
        var members: [(String, JSON)] = [("fileId", .string(key.description))]
        if let length { members.append(("length", .number(length))) }
        members.append(("chunkSize", .number(Int64(chunkSize.length))))
        if let name = metadata.name { members.append(("name", .string(name))) }
        if let type = metadata.type { members.append(("type", .string(type))) }
        if let contentID { members.append(("contentId", .string(contentID.description))) }
        if startsOver { members.append(("startOver", .bool(true))) }
        return .object(members)
    }
}

/// What an answer to named entries says of them.
private struct SegmentAnswer: Decodable {
    struct Missing: Decodable {
        let ranges: String?
        let bitmap: String?
    }

    let index: Int
    /// Not told in a refusal.
    let count: Int?
    let missing: Missing
    /// For one request of proofs; only where the server takes them.
    let nonce: String?

    /// - Parameter limit: How many entries there are at all.
    func indices(of limit: Int) throws(ClientError) -> MissingIndices {
        guard (0...limit).contains(index), (0...UploadPlan.segmentLimit).contains(count ?? 0) else {
            throw .notUnderstood("it speaks of entries that there are not")
        }
        let range = index..<index + (count ?? min(UploadPlan.segmentLimit, limit - index))
        if let indices = missing.ranges.flatMap({ MissingIndices(ranges: $0, in: range) }) { return indices }
        let bitmap = missing.bitmap.flatMap { Data(base64Encoded: $0) }
        guard let indices = bitmap.flatMap({ MissingIndices(bitmap: $0, in: range) }) else {
            throw .notUnderstood("it tells what is missing in no known form")
        }
        return indices
    }
}

extension Answer {
    /// What it says is missing of the entries it speaks of.
    ///
    /// - Parameter limit: How many entries there are at all.
    func missing(of limit: Int = Manifest.countLimit) throws(ClientError) -> MissingIndices {
        try decoded(as: SegmentAnswer.self).indices(of: limit)
    }

    /// What proofs are to be made with; nil where the server takes none.
    func nonce() throws(ClientError) -> [UInt8]? {
        let bytes = try decoded(as: SegmentAnswer.self).nonce.flatMap { Data(base64Encoded: $0) }
        return bytes?.count == ChunkProof.nonceLength ? bytes.map(Array.init) : nil
    }

    /// Whether it is a refusal with this problem.
    func refuses(with problem: String) -> Bool { status >= 400 && refusal.problem == problem }
}

/// The requests of one upload, each made once.
struct NativeRequests: Sendable {
    let remote: Remote
    let id: UploadID

    private func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
        var request = remote.request("/v1/uploads/\(id)\(path)")
        request.method = method
        request.headers.add(name: HTTPField.Name.accept.rawName, value: Remote.json)
        return request
    }

    /// Names entries; with `end` they are the file's last, and it is so long.
    func name(_ segment: UploadPlan.Segment) async throws(Setback) -> Answer {
        let end = segment.end.map { "&end=\($0)" } ?? ""
        var request = request(.PATCH, "/manifest?index=\(segment.range.lowerBound)\(end)")
        var digests: [UInt8] = []
        digests.reserveCapacity(segment.entries.count * Digest.length)
        for entry in segment.entries { entry.digest.append(to: &digests) }
        request.headers.add(name: HTTPField.Name.contentType.rawName, value: "application/vnd.cairn.digests")
        request.body = .bytes(ByteBuffer(bytes: digests))
        return try await remote.exchange(request, within: remote.policy.stall)
    }

    /// Proves to hold chunks; asked once, for the nonce counts once.
    func prove(_ proofs: [(index: Int, hmac: Digest)], _ nonce: [UInt8]) async throws(Setback) -> Answer {
        var request = request(.POST, "/proofs")
        let members = proofs.map { proof in
            JSON.object([
                ("index", .number(Int64(proof.index))),
                ("hmac", .string(Data(proof.hmac.bytes).base64EncodedString())),
            ])
        }
        let body = JSON.object([("nonce", .string(Data(nonce).base64EncodedString())), ("proofs", .array(members))])
        request.headers.add(name: HTTPField.Name.contentType.rawName, value: "application/json")
        request.body = .bytes(ByteBuffer(string: body.description))
        return try await remote.exchange(request)
    }

    /// Asks what is missing of `range`.
    func missing(of range: Range<Int>) async throws(Setback) -> Answer {
        try await remote.exchange(
            request(.GET, "/missing?index=\(range.lowerBound)&count=\(range.count)"), within: remote.policy.stall)
    }

    /// Brings one chunk.
    func put(_ digest: Digest, _ body: ByteBuffer, codec: ChunkFrame.Codec) async throws(Setback) -> Answer {
        var request = request(.PUT, "/chunks/\(digest)")
        if codec == .lz4 { request.headers.add(name: HTTPField.Name.contentEncoding.rawName, value: "lz4") }
        request.body = .stream(Slices(of: [body]), length: .known(Int64(body.readableBytes)))
        return try await remote.exchange(request)
    }

    /// Brings several chunks, framed.
    ///
    /// - Parameter frames: Headers and the chunks behind them, in turn.
    func post(_ frames: [ByteBuffer]) async throws(Setback) -> Answer {
        var request = request(.POST, "/chunks")
        request.headers.add(name: HTTPField.Name.contentType.rawName, value: "application/vnd.cairn.frames")
        let length = frames.reduce(0) { $0 + Int64($1.readableBytes) }
        request.body = .stream(Slices(of: frames), length: .known(length))
        return try await remote.exchange(request)
    }

    /// How the upload stands.
    func look() async throws(Setback) -> Answer {
        try await remote.exchange(request(.GET, ""), within: remote.policy.stall)
    }

    /// Appends at the prefix, which ends at `offset`.
    func append(_ body: AppendBody, at offset: Int64) async throws(Setback) -> Answer {
        var request = request(.PATCH, "")
        request.headers.add(name: HTTPField.Name.uploadOffset.rawName, value: "\(offset)")
        request.headers.add(name: HTTPField.Name.contentType.rawName, value: "application/octet-stream")
        request.body = .stream(body, length: .known(body.length))
        return try await remote.exchange(request)
    }

    /// Seals.
    func complete(length: Int64, contentID: Digest) async throws(Setback) -> Answer {
        var request = request(.POST, "/complete")
        let body = JSON.object([("length", .number(length)), ("contentId", .string(contentID.description))])
        request.headers.add(name: HTTPField.Name.contentType.rawName, value: "application/json")
        request.body = .bytes(ByteBuffer(string: body.description))
        return try await remote.exchange(request)
    }
}

extension Remote {
    /// Begins an upload, or finds the one begun before; asked once.
    func begin(_ beginning: Beginning) async throws(Setback) -> Answer {
        var request = self.request("/v1/uploads")
        request.method = .POST
        request.headers.add(name: HTTPField.Name.accept.rawName, value: Self.json)
        request.headers.add(name: HTTPField.Name.contentType.rawName, value: "application/json")
        request.body = .bytes(ByteBuffer(string: beginning.json.description))
        return try await exchange(request, within: policy.stall)
    }

    /// Begins an upload, or finds the one begun before; nil when the server has no such door.
    func begun(_ beginning: Beginning, _ backoff: SharedBackoff) async throws(ClientError) -> NativeState? {
        let answer = try await backoff.retrying { _ throws(Setback) in
            let answer = try await begin(beginning)
            return [404, 405].contains(answer.status) ? answer : try answer.successful()
        }
        return answer.status < 300 ? try answer.decoded(as: NativeState.self) : nil
    }
}

/// A buffer as a body in slices, so that a body that nobody takes is noticed and not kept in memory twice.
private struct Slices: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let buffers: [ByteBuffer]

    init(of buffers: [ByteBuffer]) { self.buffers = buffers }

    func makeAsyncIterator() -> Iterator { Iterator(rest: buffers[...]) }

    struct Iterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>

        mutating func next() async -> ByteBuffer? {
            guard var first = rest.popFirst() else { return nil }
            let part = first.readSlice(length: Swift.min(first.readableBytes, Remote.partLength))
            if first.readableBytes > 0 { rest = [first] + rest }
            return part
        }
    }
}
