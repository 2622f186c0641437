import CairnEngine
import RawHTTP
import Testing

/// What scripts cannot say of the IETF dialect: two requests at once, and time.
@Suite struct `Resumable uploads over a socket` {
    private func begin(_ server: TestServer, version: Int = 8) async throws -> String {
        let answer = try await server.ask(
            "POST /files",
            [
                version == 3 ? "Upload-Incomplete" : "Upload-Complete": version == 3 ? "?1" : "?0",
                "Upload-Draft-Interop-Version": "\(version)",
            ], body: [])
        return try #require(answer["location"]?.split(separator: "/").last.map { "/files/\($0)" })
    }

    private func append(
        _ server: TestServer, to path: String, at offset: Int, promising length: Int, version: Int = 8
    ) async throws -> RawConnection {
        let connection = try await server.open()
        let fields = [
            "Content-Type": "application/partial-upload", "Upload-Offset": "\(offset)", "Upload-Complete": "?1",
            "Upload-Draft-Interop-Version": "\(version)",
        ]
        try await connection.send(request("PATCH \(path)", fields, length: length))
        return connection
    }

    @Test(arguments: [3, 4, 5, 6, 9])
    func `progress is told from version 5 on, of what is durable, and not more than once a second`(
        version: Int
    ) async throws {
        try await TestServer.run { server async throws in
            let path = try await begin(server, version: version)
            let id = try #require(UploadID(String(path.suffix(32))))
            let connection = try await append(server, to: path, at: 0, promising: 200_000, version: version)
            let begun = ContinuousClock.now
            for start in stride(from: 0, to: 100_000, by: 1000) {
                try await connection.send(bytes(start..<start + 1000))
                try await Task.sleep(for: .milliseconds(12))  // the server's clock is the real one
            }
            let durable = try await server.engine.upload(id, for: .everyone).offset
            try await connection.send(bytes(100_000..<200_000))
            var told: [Int64] = []
            while true {
                let answer = try await connection.read()
                guard answer.status == 104 else {
                    #expect(answer.status == 201 && answer["upload-complete"] ?? "?1" == "?1")
                    break
                }
                #expect(answer["location"] == nil && answer["upload-draft-interop-version"] == "\(version)")
                told.append(try #require(answer["upload-offset"].flatMap { Int64($0) }))
            }
            let seconds = Int((ContinuousClock.now - begun).components.seconds)
            #expect(told == told.sorted() && told.count <= seconds + 2)
            #expect(version < 5 ? told.isEmpty : told.first.map { $0 > 0 && $0 <= 200_000 } == true, "\(told)")
            #expect(durable > 0)
        }
    }

    @Test func `a question takes over, and what came before it counts`() async throws {
        try await TestServer.run { server async throws in
            let path = try await begin(server)
            let older = try await append(server, to: path, at: 0, promising: 200_000)
            try await older.send(bytes(0..<100_000))
            let id = try #require(UploadID(String(path.suffix(32))))
            while try await server.engine.upload(id, for: .everyone).offset < 65_536 {
                try await Task.sleep(for: .milliseconds(5))
            }
            let question = try await server.ask("HEAD \(path)")
            let offset = try #require(question["upload-offset"].flatMap { Int($0) })
            #expect(question.status == 204 && (65_536...100_000).contains(offset))
            let displaced = try await older.readFinal()
            #expect(displaced.status == 409 && displaced["upload-complete"] == "?0")
            let newer = try await append(server, to: path, at: offset, promising: 200_000 - offset)
            newer.push(bytes(offset..<200_000))
            #expect(try await newer.readFinal().status == 201)
            #expect(try await server.ask("GET \(path)").body == bytes(0..<200_000))
        }
    }

    @Test func `a tus upload is ended while its body arrives`() async throws {
        try await TestServer.run { server async throws in
            let tus = ["Tus-Resumable": "1.0.0"]
            let made = try await server.ask("POST /files", tus.merging(["Upload-Length": "200000"]) { $1 })
            let path = try #require(made["location"]?.split(separator: "/").last.map { "/files/\($0)" })
            let connection = try await server.open()
            let fields = ["Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"]
            try await connection.send(request("PATCH \(path)", tus.merging(fields) { $1 }, length: 200_000))
            try await connection.send(bytes(0..<100_000))
            #expect(try await server.ask("DELETE \(path)", tus).status == 204)
            #expect([409, 410].contains(try await connection.readFinal().status))
            #expect(try await server.ask("HEAD \(path)", tus).status == 410)
        }
    }
}
