import CairnContent
import CairnEngine
import RawHTTP
import Testing

/// Bytes in order where entries are named (spec/native.md, "Appending").
@Suite struct `Appending to an upload whose entries are named` {
    private let file = CutFile(mask: 0)

    /// An upload of the file with all entries named and some of its chunks there.
    private func named(_ server: TestServer, with indices: [Int] = []) async throws -> String {
        let id = try await server.begin(#"{"length":200000}"#).id
        _ = try await server.name(file.digests, in: id)
        for index in indices { try await server.put(file, index, in: id) }
        return id
    }

    @Test func `the offset jumps over chunks that are there`() async throws {
        try await TestServer.run { server async throws in
            let id = try await named(server, with: [1, 2])
            let first = try await server.append(file.chunks[0], at: 0, in: id)
            #expect(first.status == 204 && first["upload-offset"] == "196608")
            let last = try await server.append(file.chunks[3], at: 196_608, in: id)
            #expect(last.status == 204 && last["upload-offset"] == "200000")
            #expect(try await server.holds(file, as: id))
            #expect(try await server.complete(id).status == 200)
        }
    }

    @Test func `a jump to the end leaves it to be completed`() async throws {
        try await TestServer.run { server async throws in
            let id = try await named(server, with: [1, 2, 3])
            #expect(try await server.append(file.chunks[0], at: 0, in: id)["upload-offset"] == "200000")
            #expect(try await server.state(of: id).state == "open")
            #expect(try await server.complete(id).status == 201)
            #expect(try await server.holds(file, as: id))
        }
    }

    @Test(arguments: [[], [1], [2, 3], [0], [0, 2]] as [[Int]])
    func `all of the rest in one body completes it, whatever is there`(indices: [Int]) async throws {
        try await TestServer.run { server async throws in
            let id = try await named(server, with: indices)
            let offset = try await server.state(of: id).offset
            let answer = try await server.append(Array(file.content[offset...]), at: offset, in: id)
            #expect(answer.status == 204 && answer["upload-offset"] == "200000")
            #expect(try await server.holds(file, as: id))
        }
    }

    @Test(arguments: 0..<4) func `other bytes are refused, and nothing from there on counts`(index: Int) async throws {
        try await TestServer.run(checkpoint: .seconds(30)) { server async throws in
            let id = try await named(server)
            var other = file.content
            other[index * 65_536 + 1000] ^= 1
            let answer = try await server.append(other, at: 0, in: id)
            #expect(answer.status == 409 && answer.problem == "manifest-conflict")
            #expect(answer.text.contains("\"index\":\(index)"))
            #expect(try await server.state(of: id).offset == index * 65_536)
            #expect(try await server.missing(in: id) == Array(index..<4))
            #expect(server.store.tailCount == 0)
            _ = try await server.append(Array(file.content[(index * 65_536)...]), at: index * 65_536, in: id)
            #expect(try await server.holds(file, as: id))
        }
    }

    @Test func `what was begun of a chunk gives way to the chunk`() async throws {
        try await TestServer.run { server async throws in
            let id = try await named(server)
            let answer = try await server.append(Array(file.content[..<70_000]), at: 0, in: id)
            #expect(answer.status == 204 && answer["upload-offset"] == "70000")
            #expect(server.store.tailCount == 1)
            #expect(try await server.missing(in: id) == [1, 2, 3])
            #expect(try await server.put(file, 1, in: id) == 131_072)
            #expect(server.store.tailCount == 0)
            for index in [3, 2] { try await server.put(file, index, in: id) }
            #expect(try await server.complete(id).status == 201)
            #expect(try await server.holds(file, as: id))
        }
    }

    @Test func `entries go on behind what was appended`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.append(Array(file.content[..<131_072]), at: 0, in: id)
            #expect(try await server.state(of: id).entries == 2)
            #expect(try await server.name(file.digests[2...], from: 2, in: id).status == 200)
            #expect(try await server.missing(in: id) == [2, 3])
            for index in [3, 2] { try await server.put(file, index, in: id) }
            #expect(try await server.complete(id).status == 201)
            #expect(try await server.holds(file, as: id))
        }
    }
}

/// One upload, now by this protocol and now by X-Start-Byte.
@Suite struct `Native and X-Start-Byte on one upload` {
    private let file = CutFile(mask: 0)

    /// Half of a body by X-Start-Byte, under the id `a`: 100,000 bytes of the file are kept.
    private func half(_ server: TestServer, _ fields: [String: String]) async throws {
        let connection = try await server.open()
        let all = fields.merging(["X-File-Id": "a"]) { $1 }
        try await connection.send(request("POST /upload", all, length: 200_000))
        try await connection.send(Array(file.content[..<100_000]))
        try await connection.finish()
        #expect(try await connection.readFinal().status == 400)
        #expect(try await server.status("a") == "100000")
    }

    @Test(arguments: [["X-File-Size": "200000"], [:]] as [[String: String]])
    func `begun by X-Start-Byte it is found, named and completed natively`(fields: [String: String]) async throws {
        try await TestServer.run { server async throws in
            try await half(server, fields)
            let found: NativeState = try await server.ask("GET /v1/uploads?file-id=a").json()
            #expect(found.offset == 100_000 && found.entries == 1)
            #expect(found.length == (fields.isEmpty ? nil : 200_000))
            #expect(try await server.begin(#"{"fileId":"a"}"#).id == found.id)
            let named = try await server.name(file.digests, end: 200_000, in: found.id)
            #expect(named.status == 200)
            #expect(try named.json(as: NativeSegment.self).missingIndices == [1, 2, 3])
            #expect(try await server.put(file, 3, in: found.id) == 100_000)
            #expect(try await server.put(file, 1, in: found.id) == 131_072)
            #expect(try await server.put(file, 2, in: found.id) == 200_000)
            #expect(try await server.complete(found.id).status == 201)
            #expect(try await server.holds(file, as: found.id))
            #expect(try await server.status("a") == "200000")
            #expect(server.store.tailCount == 0)
        }
    }

    @Test(arguments: [#"{"fileId":"a","length":200000}"#, #"{"fileId":"a"}"#])
    func `begun natively it goes on by X-Start-Byte`(begin: String) async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(begin).id
            _ = try await server.name(file.digests[..<3], in: id)
            for index in [0, 2] { try await server.put(file, index, in: id) }
            #expect(try await server.status("a") == "65536")
            let fields = ["X-File-Id": "a", "X-Start-Byte": "65536"]
            let answer = try await server.ask("POST /upload", fields, body: Array(file.content[65_536...]))
            #expect(answer.status == 200 && answer["location"] == "/files/\(id)")
            #expect(try await server.holds(file, as: id))
            #expect(try await server.complete(id).status == 200)
        }
    }

    @Test func `bytes that are not the named ones are refused to X-Start-Byte, too`() async throws {
        try await TestServer.run(checkpoint: .seconds(30)) { server async throws in
            let id = try await server.begin(#"{"fileId":"a","length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            try await server.put(file, 0, in: id)
            var other = Array(file.content[65_536...])
            other[70_000] ^= 1
            let fields = ["X-File-Id": "a", "X-Start-Byte": "65536"]
            let refused = try await server.ask("POST /upload", fields, body: other)
            #expect(refused.status == 409 && refused.text == "131072")
            #expect(try await server.status("a") == "131072")
            let rest = fields.merging(["X-Start-Byte": "131072"]) { $1 }
            #expect(try await server.ask("POST /upload", rest, body: Array(file.content[131_072...])).status == 200)
            #expect(try await server.holds(file, as: id))
        }
    }

    @Test func `started over by X-Start-Byte the named upload ends`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"fileId":"a","length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            try await server.put(file, 0, in: id)
            let answer = try await server.ask("POST /upload", ["X-File-Id": "a"], body: file.content)
            #expect(answer.status == 200)
            let found: NativeState = try await server.ask("GET /v1/uploads?file-id=a").json()
            #expect(found.id != id && found.contentId == file.contentID)
            #expect(try await server.ask("GET /v1/uploads/\(id)").status == 410)
        }
    }

    @Test func `a question by X-Start-Byte disturbs no chunk that is put afterwards`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"fileId":"a","length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            for (index, offset) in ["65536", "131072", "196608", "200000"].enumerated() {
                try await server.put(file, index, in: id)
                #expect(try await server.status("a") == offset)
            }
            #expect(try await server.complete(id).status == 201)
            #expect(try await server.holds(file, as: id))
        }
    }

    @Test func `a native request that is cut by a question is told so, and may be repeated`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"fileId":"a","length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            let connection = try await server.open()
            let line = "PUT /v1/uploads/\(id)/chunks/\(file.digests[0])"
            try await connection.send(request(line, ["Expect": "100-continue"], length: 65_536))
            #expect(try await connection.read().status == 100)
            #expect(try await server.status("a") == "0")
            let answer = try await connection.readFinal()
            #expect(answer.status == 409 && answer.problem == "taken-over")
            #expect(try await server.put(file, 0, in: id) == 65_536)
        }
    }
}
