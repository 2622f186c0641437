import CairnContent
import CairnEngine
import NIOCore
import RawHTTP
import Testing

/// Requests that are well-formed each, and cannot both be true.
@Suite struct `Native requests that contradict each other` {
    private let file = CutFile(mask: 0)

    @Test func `a short chunk does not stand for a whole one of its digest`() async throws {
        let short = CutFile(bytes(0..<100))
        try await TestServer.run { server async throws in
            _ = try await server.ask("PUT /files/short", body: short.content)
            let id = try await server.begin(#"{"length":131072}"#).id
            #expect(try await server.name(short.digests + [file.digests[0]], in: id).status == 200)
            #expect(try await server.state(of: id).offset == 0)
            #expect(try await server.missing(in: id) == [0, 1])
        }
    }

    /// Whether its entries and its bytes are no more than its length has room for.
    private func isPossible(_ state: NativeState) -> Bool {
        guard let length = state.length else { return true }
        return state.offset <= length && (state.entries - 1) * 65_536 < length
    }

    @Test func `a length told later has room for the entries that are named`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"fileId":"a"}"#).id
            _ = try await server.name(file.digests[..<3], in: id)
            _ = try await server.ask("POST /v1/uploads", body: Array(#"{"fileId":"a","length":10}"#.utf8))
            let found: NativeState = try await server.ask("GET /v1/uploads?file-id=a").json()
            #expect(isPossible(found), "\(found)")
        }
    }

    @Test func `a length told with bytes has room for the entries that are named`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin().id
            _ = try await server.name(file.digests[..<3], in: id)
            let fields = ["Upload-Length": "100"]
            _ = try await server.append(Array(file.content[..<50]), at: 0, fields, in: id)
            let state = try await server.state(of: id)
            #expect(isPossible(state), "\(state)")
        }
    }

    @Test func `a length told later has the same limit as one told at once`() async throws {
        let length = #""length":999999999999999"#
        try await TestServer.run { server async throws in
            #expect(try await server.ask("POST /v1/uploads", body: Array("{\(length)}".utf8)).status == 413)
            _ = try await server.begin(#"{"fileId":"a"}"#)
            let answer = try await server.ask("POST /v1/uploads", body: Array(#"{"fileId":"a",\#(length)}"#.utf8))
            #expect(answer.status == 413)
        }
    }

    @Test func `a length told with an empty body is kept`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin().id
            #expect(try await server.append([], at: 0, ["Upload-Length": "10"], in: id).status == 204)
            #expect(try await server.state(of: id).length == 10)
        }
    }

    @Test func `the beginning of another chunk does not stay for ever`() async throws {
        try await TestServer.run(checkpoint: .seconds(30)) { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            _ = try await server.append([UInt8](repeating: 0xEE, count: 100), at: 0, in: id)
            for _ in 0..<3 {
                let state = try await server.state(of: id)
                guard state.state == "open" else { break }
                _ = try await server.append(Array(file.content[state.offset...]), at: state.offset, in: id)
            }
            #expect(try await server.holds(file, as: id))
        }
    }
}

@Suite struct `What native answers promise` {
    private let file = CutFile(mask: 0)

    private struct Proof: Decodable {
        let entries: Int
        let root: Digest
        let digest: Digest
        let length: Int
        let path: [Digest]
    }

    @Test func `a proof from an upload that goes on holds under the root it states`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin().id
            _ = try await server.append(Array(file.content[..<140_000]), at: 0, in: id)
            let answer = try await server.ask("GET /v1/files/\(id)/proof?index=0")
            guard answer.status == 200 else { return }  // a refusal promises nothing
            let proof: Proof = try answer.json()
            let entry = Entry(digest: proof.digest, length: proof.length)
            let holds = MerkleTree.verifyInclusion(
                of: entry, at: 0, count: proof.entries, proof: proof.path, root: proof.root)
            #expect(holds)
        }
    }

    @Test func `a body that is no frame is told how far the frames before it have come`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            let answer = try await server.frames(file.frame(0) + [UInt8](repeating: 0, count: 41), in: id)
            #expect(answer.status == 422 && answer.problem == "frame-invalid")
            #expect(answer["upload-prefix"]?.contains(";offset=65536") == true)
            #expect(answer.text.contains(#""offset":65536"#))
        }
    }

    @Test(arguments: ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
    func `what is posted only says so to every other method, whatever the media type`(method: String) async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin().id
            let answer = try await server.ask("\(method) /v1/uploads/\(id)/chunks")
            #expect(answer.status == 405 && answer["allow"] == "POST")
        }
    }

    @Test func `a body that says it is too long is refused before it is asked for`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            let frames = ["Content-Type": "application/vnd.cairn.frames"]
            let names = ["Content-Type": "application/vnd.cairn.digests"]
            let lines: [(line: String, fields: [String: String], length: Int, status: Int)] = [
                ("POST /v1/uploads/\(id)/chunks", frames, (64 << 20) + 1, 413),
                ("PUT /v1/uploads/\(id)/chunks/\(file.digests[3])", [:], 3393, 400),
                ("PATCH /v1/uploads/\(id)/manifest?index=0", names, 8192 * 32 + 1, 413),
                ("POST /v1/uploads", [:], (16 << 10) + 1, 413),
                ("POST /v1/uploads/\(id)/complete", [:], (16 << 10) + 1, 413),
            ]
            for (line, fields, length, status) in lines {
                let connection = try await server.open()
                let waiting = fields.merging(["Expect": "100-continue"]) { $1 }
                try await connection.send(request(line, waiting, length: length))
                #expect(try await connection.read().status == status, "\(line)")
                try await connection.close()
            }
        }
    }

    @Test func `chunks put at once after a restart do not take over from each other`() async throws {
        try await TestServer.run { server async throws in
            let state = try await server.begin(#"{"length":200000}"#)
            let id = try #require(UploadID(state.id))
            _ = try await server.name(file.digests, in: state.id)
            for round in 0..<20 {
                // What a restart leaves: the same store and the same ledger.
                let engine = Engine(store: server.failing, ledger: server.ledger, chunkSize: .minimum)
                await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<16 {
                        let (chunk, digest) = (file.chunks[index % 4], file.digests[index % 4])
                        group.addTask {
                            let body = AsyncThrowingStream<ByteBuffer, any Error> { stream in
                                stream.yield(ByteBuffer(bytes: chunk))
                                stream.finish()
                            }
                            _ = try await engine.put(Put(digest), body: body, to: id, for: .everyone)
                        }
                    }
                    do { try await group.waitForAll() } catch { Issue.record("round \(round): \(error)") }
                }
            }
            #expect(try await server.missing(in: state.id) == [])
        }
    }
}
