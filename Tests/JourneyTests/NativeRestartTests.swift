import CairnContent
import CairnProcess
import Foundation
import Randomness
import RawHTTP
import Testing

/// The native protocol against a real `cairn serve` over a data directory.
@Suite(.serialized) struct `A native upload and the server's restarts` {
    @Test func `no chunk that was acknowledged is asked for again after a kill`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let data = try TemporaryFolder()
        let server = try await ServerProcess(data: data.url, "--chunk-size", "65536")
        let journey = NativeJourney(server: server, content: random.bytes(24 * 65_536 + 777))
        let id = try await journey.begin()
        var missing = try await journey.name(in: id)
        #expect(missing == Array(0..<25), "seed \(seed)")
        while !missing.isEmpty {
            for index in missing.shuffled(using: &random).prefix(Int.random(in: 1...6, using: &random)) {
                #expect(try await journey.put(index, in: id).status == 201, "seed \(seed)")
                missing.removeAll { $0 == index }
            }
            // A request that still brings bytes when the power goes.
            let half = try await journey.halfAPut(missing.first ?? 0, in: id)
            await server.kill()
            try await server.restart()
            try? await half.close()  // its other side is gone
            #expect(try await journey.missing(in: id) == missing, "seed \(seed)")
            #expect(try await journey.name(in: id) == missing, "seed \(seed)")
        }
        #expect(try await journey.ask("POST /v1/uploads/\(id)/complete").status == 201)
        #expect(try await journey.ask("GET /files/\(id)").body == journey.content, "seed \(seed)")
        await server.stop()
    }

    @Test func `a block is kept as it came`() async throws {
        let data = try TemporaryFolder()
        let server = try await ServerProcess(data: data.url, "--chunk-size", "65536")
        let content = (0..<131_072).map { UInt8((7 * $0 + 3) % 251) }
        let journey = NativeJourney(server: server, content: content)
        let id = try await journey.begin()
        _ = try await journey.name(in: id)
        let blocks = journey.chunks.compactMap { ChunkBlock.encoding($0.span) }
        try #require(blocks.count == 2)
        let digests = journey.digests
        let put = try await journey.ask(
            "PUT /v1/uploads/\(id)/chunks/\(digests[0])", ["Content-Encoding: lz4"], body: blocks[0])
        #expect(put.status == 201)
        let frame = try #require(
            ChunkFrame(Entry(digest: digests[1], length: 65_536), codec: .lz4, wireLength: blocks[1].count))
        let framed = try await journey.ask(
            "POST /v1/uploads/\(id)/chunks", ["Content-Type: application/vnd.cairn.frames"],
            body: frame.header + blocks[1])
        #expect(framed.status == 200 && framed.body == [0])
        for (digest, block) in zip(digests, blocks) {
            let file = data.url.appending(path: "ns/default/chunks/\("\(digest)".prefix(3))/\(digest)")
            let kept = Array(try Data(contentsOf: file))
            #expect(kept.count == block.count + 64 && Array(kept.prefix(block.count)) == block)
            #expect(kept[block.count + 5] == 1)  // the footer's codec (spec/disk-format.md, "Chunk file")
        }
        #expect(try await journey.ask("POST /v1/uploads/\(id)/complete").status == 201)
        #expect(try await journey.ask("GET /files/\(id)").body == content)
        await server.stop()
    }
}

/// One file's way onto a server, chunk by chunk.
private struct NativeJourney: Sendable {
    let server: ServerProcess
    let content: [UInt8]
    let chunks: [[UInt8]]

    init(server: ServerProcess, content: [UInt8]) {
        self.server = server
        self.content = content
        chunks = stride(from: 0, to: content.count, by: 65_536).map { start in
            Array(content[start..<min(start + 65_536, content.count)])
        }
    }

    var digests: [Digest] { chunks.map { Digest(hashing: $0.span) } }

    /// - Parameter fields: Each with its name.
    func ask(_ line: String, _ fields: [String] = [], body: [UInt8] = []) async throws -> RawResponse {
        try await RawConnection.ask(server.port, head(line, fields, length: body.count), body: body)
    }

    private func head(_ line: String, _ fields: [String], length: Int) -> String {
        (["\(line) HTTP/1.1", "Host: x", "Content-Length: \(length)"] + fields).joined(separator: "\n") + "\n\n"
    }

    func begin() async throws -> String {
        let answer = try await ask("POST /v1/uploads", body: Array(#"{"length":\#(content.count)}"#.utf8))
        guard answer.status == 201, let id = try members(of: answer)["id"] as? String else { throw unexpected(answer) }
        return id
    }

    /// Names every entry; returns those that are missing.
    func name(in id: String) async throws -> [Int] {
        try missing(
            try await ask(
                "PATCH /v1/uploads/\(id)/manifest?index=0", ["Content-Type: application/vnd.cairn.digests"],
                body: digests.flatMap(\.bytes)))
    }

    func missing(in id: String) async throws -> [Int] { try missing(try await ask("GET /v1/uploads/\(id)/missing")) }

    func put(_ index: Int, in id: String) async throws -> RawResponse {
        let chunk = chunks[index]
        let digest = Digest(hashing: chunk.span)
        return try await ask("PUT /v1/uploads/\(id)/chunks/\(digest)", body: chunks[index])
    }

    /// A connection in the middle of a chunk.
    func halfAPut(_ index: Int, in id: String) async throws -> RawConnection {
        let connection = try await RawConnection.open(server.port)
        let chunk = chunks[index]
        let line = "PUT /v1/uploads/\(id)/chunks/\(Digest(hashing: chunk.span))"
        try await connection.send(head(line, [], length: chunks[index].count))
        connection.push(Array(chunks[index].prefix(chunks[index].count / 2)))
        return connection
    }

    private func missing(_ answer: RawResponse) throws -> [Int] {
        let members = try members(of: answer)
        guard answer.status == 200, let index = members["index"] as? Int, let count = members["count"] as? Int,
            let missing = members["missing"] as? [String: String]
        else { throw unexpected(answer) }
        let range = index..<(index + count)
        let bitmap = missing["bitmap"].flatMap { Data(base64Encoded: $0) }
        let found =
            missing["ranges"].flatMap { MissingIndices(ranges: $0, in: range) }
            ?? bitmap.flatMap { MissingIndices(bitmap: $0, in: range) }
        guard let found else { throw unexpected(answer) }
        return Array(found.indices)
    }

    private func members(of answer: RawResponse) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any] ?? [:]
    }

    private func unexpected(_ answer: RawResponse) -> JourneyError { .unexpected(answer.status, answer.text) }
}
