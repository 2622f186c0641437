import CairnContent
import Foundation
import RawHTTP
import Testing

/// A file as a native client sees it: cut into chunks, each with its entry.
struct CutFile: Sendable {
    let content: [UInt8]
    let chunks: [[UInt8]]
    let entries: [Entry]

    /// Cut as `TestServer` cuts.
    init(_ content: [UInt8]) {
        self.content = content
        chunks = stride(from: 0, to: content.count, by: 65_536).map { start in
            Array(content[start..<min(start + 65_536, content.count)])
        }
        entries = chunks.map { Entry(digest: Digest(hashing: $0.span), length: $0.count) }
    }

    /// 200,000 bytes, others for each mask: three whole chunks and one of 3,392 bytes.
    init(mask: UInt8) { self.init(bytes(0..<200_000).map { $0 ^ mask }) }

    var digests: [Digest] { entries.map(\.digest) }
    var contentID: Digest { MerkleTree.root(of: entries) }

    /// The frame that brings one of its chunks as it is.
    func frame(_ index: Int) -> [UInt8] {
        CairnFrame.bytes(entries[index].digest, plain: entries[index].length, chunks[index])
    }
}

/// Frames as they are sent, impossible ones too (spec/native.md, "Many chunks").
enum CairnFrame {
    static func header(_ digest: Digest, plain: Int, wire: Int, codec: UInt8) -> [UInt8] {
        digest.bytes + bigEndian(plain) + bigEndian(wire) + [codec]
    }

    static func bytes(_ digest: Digest, plain: Int, codec: UInt8 = 0, _ bytes: [UInt8]) -> [UInt8] {
        header(digest, plain: plain, wire: bytes.count, codec: codec) + bytes
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { (shift: Int) in UInt8(truncatingIfNeeded: number >> shift) }
    }
}

/// How an upload stands, as answers say.
struct NativeState: Decodable, Equatable, Sendable {
    let id: String
    let state: String
    let offset: Int
    let length: Int?
    let prefix: Digest
    let chunkSize: Int
    let entries: Int
    let contentId: Digest?
    let name: String?
}

/// What an answer says of a run of entries.
struct NativeSegment: Decodable, Sendable {
    struct Missing: Decodable, Sendable {
        let ranges: String?
        let bitmap: String?
    }

    let offset: Int
    let entries: Int
    let index: Int
    let count: Int
    let missing: Missing

    /// Those that are missing, whichever way they were told; nil when that is malformed.
    var missingIndices: [Int]? {
        let range = index..<(index + count)
        if let ranges = missing.ranges { return MissingIndices(ranges: ranges, in: range).map { Array($0.indices) } }
        guard let bitmap = missing.bitmap.flatMap({ Data(base64Encoded: $0) }) else { return nil }
        return MissingIndices(bitmap: bitmap, in: range).map { Array($0.indices) }
    }
}

extension RawResponse {
    /// What its body says in JSON.
    func json<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body))
    }

    /// The last piece of the problem's type; nil when it is no problem.
    var problem: String? {
        text.firstMatch(of: /"type":"[^"]*[\/#]((?:\w|-)+)"/).map { String($0.1) }
    }
}

extension TestServer {
    /// Begins an upload, or finds one that was begun.
    func begin(_ body: String = "") async throws -> NativeState {
        let answer = try await ask("POST /v1/uploads", body: Array(body.utf8))
        try #require(answer.status == 200 || answer.status == 201, "\(answer.text)")
        return try answer.json()
    }

    /// - Parameter end: The file's length, when these entries end it.
    func name(
        _ digests: some Collection<Digest>, from index: Int = 0, end: Int? = nil, in id: String
    ) async throws -> RawResponse {
        let query = "index=\(index)" + (end.map { "&end=\($0)" } ?? "")
        return try await ask(
            "PATCH /v1/uploads/\(id)/manifest?\(query)", ["Content-Type": "application/vnd.cairn.digests"],
            body: digests.flatMap(\.bytes))
    }

    /// - Parameter block: Whether the bytes are an LZ4 block.
    func put(_ bytes: [UInt8], as digest: Digest, block: Bool = false, in id: String) async throws -> RawResponse {
        let fields = block ? ["Content-Encoding": "lz4"] : [:]
        return try await ask("PUT /v1/uploads/\(id)/chunks/\(digest)", fields, body: bytes)
    }

    /// Puts the chunk at `index`, which must be kept or there; returns how far the upload is then.
    @discardableResult
    func put(_ file: CutFile, _ index: Int, in id: String) async throws -> Int? {
        let answer = try await put(file.chunks[index], as: file.digests[index], in: id)
        try #require(answer.status == 200 || answer.status == 201, "\(answer.text)")
        return answer["upload-offset"].flatMap { Int($0) }
    }

    func frames(_ body: [UInt8], in id: String) async throws -> RawResponse {
        try await ask("POST /v1/uploads/\(id)/chunks", ["Content-Type": "application/vnd.cairn.frames"], body: body)
    }

    /// Appends at an offset.
    func append(
        _ bytes: [UInt8], at offset: Int, _ fields: [String: String] = [:], in id: String
    ) async throws -> RawResponse {
        try await ask("PATCH /v1/uploads/\(id)", fields.merging(["Upload-Offset": "\(offset)"]) { $1 }, body: bytes)
    }

    func complete(_ id: String, _ body: String = "") async throws -> RawResponse {
        try await ask("POST /v1/uploads/\(id)/complete", body: Array(body.utf8))
    }

    func state(of id: String) async throws -> NativeState { try await ask("GET /v1/uploads/\(id)").json() }

    /// Which entries are missing, of all that are known.
    func missing(in id: String) async throws -> [Int]? {
        try await ask("GET /v1/uploads/\(id)/missing").json(as: NativeSegment.self).missingIndices
    }

    /// Whether the upload is complete and holds this file.
    func holds(_ file: CutFile, as id: String) async throws -> Bool {
        let state = try await state(of: id)
        let download = try await ask("GET /files/\(id)")
        return state.state == "complete" && state.contentId == file.contentID && download.body == file.content
    }
}
