import CairnEngine
import RawHTTP
import Testing

@Suite struct `A file id` {
    @Test(arguments: ["a", "\u{E9}"]) func `may have 1,024 bytes, and not one more`(letter: String) async throws {
        let id = String(repeating: letter, count: 1024 / letter.utf8.count)
        try await TestServer.run { server async throws in
            let answer = try await server.ask("POST /upload", ["X-File-Id": id], body: [1, 2, 3])
            #expect(answer.status == 200)
            #expect(try await server.status(id) == "3")
            let before = try await server.holdings(of: [id, id + "a"])
            for line in ["GET /status", "POST /upload", "POST /status"] {
                let body: [UInt8]? = line == "POST /upload" ? [1] : nil
                let refusal = try await server.ask(line, ["X-File-Id": id + "a"], body: body)
                #expect(refusal.status == 400 && refusal.reason == "Bad X-File-Id" && refusal.body.isEmpty, "\(line)")
            }
            #expect(try await server.holdings(of: [id, id + "a"]) == before)
        }
    }

    @Test func `never comes back in an answer`() async throws {
        let id = "zq7-secret"
        let nothing = ":" + String(repeating: "A", count: 43) + "=:"
        let requests: [(line: String, fields: [String: String], body: [UInt8]?)] = [
            ("GET /status", [:], nil), ("POST /upload", ["X-Start-Byte": "7"], [1]),
            ("POST /upload", ["X-File-Size": "9"], bytes(0..<3)), ("GET /status", [:], nil),
            ("POST /upload", ["X-Start-Byte": "1"], [1]), ("POST /upload", ["X-Start-Byte": "x"], [1]),
            ("POST /upload", ["X-Start-Byte": "3", "X-File-Size": "8"], [1]),
            ("POST /upload", ["X-Start-Byte": "3"], bytes(0..<10)),
            ("POST /upload", ["X-Start-Byte": "3", "If-Upload-Prefix": nothing], [1]),
            ("POST /upload", ["X-Start-Byte": "3", "Content-Digest": "sha-256=" + nothing], [1]),
            ("POST /upload", ["X-Start-Byte": "3", "Content-Encoding": "gzip"], [1]),
            ("POST /upload", ["Expect": "x"], [1]), ("GET /upload", [:], nil), ("POST /nowhere", [:], [1]),
            ("POST /upload", ["X-File-Id": String(repeating: id, count: 200)], [1]),
            ("GET /status", ["X-File-Id": String(repeating: id, count: 200)], nil),
            ("GET /v1/uploads?file-id=\(id)", [:], nil), ("GET /v1/uploads", [:], nil),
            ("POST /upload", ["X-Start-Byte": "3"], bytes(3..<9)), ("POST /upload", ["X-Start-Byte": "9"], [1]),
            ("GET /v1/uploads?file-id=\(id)", [:], nil), ("GET /v1/uploads?file-id=\(id)%", [:], nil),
            ("GET /v1/files", [:], nil), ("GET /files/\(id)", [:], nil), ("GET /v1/files/\(id)", [:], nil),
        ]
        try await TestServer.run { server async throws in
            for accept in ["*/*", "application/problem+json"] {
                for (line, fields, body) in requests {
                    let all = ["X-File-Id": id, "Accept": accept].merging(fields) { $1 }
                    let answer = try await server.ask(line, all, body: body)
                    let said = "\(answer.reason) \(answer.fields) \(answer.text)"
                    #expect(!said.contains("zq7"), "\(line) \(fields.keys): \(said)")
                }
            }
            let status = try await server.ask("GET /status", ["X-File-Id": id])
            let path = try #require(status["location"])
            for line in ["GET \(path)", "GET /v1\(path)", "GET /v1\(path)/manifest", "DELETE \(path)", "GET \(path)"] {
                let answer = try await server.ask(line, ["Accept": "application/json"])
                let said = "\(answer.reason) \(answer.fields) \(answer.text)"
                #expect(!said.contains("zq7"), "\(line): \(said)")
            }
        }
    }
}

/// Raw Latin-1 letters: `é` is E9 and `è` is E8, and both are U+FFFD once they have arrived.
@Suite struct `Ids that lost letters` {
    private func post(
        _ server: TestServer, _ id: String, _ fields: [String: String] = [:], body: [UInt8]
    ) async throws -> RawResponse {
        let all = fields.merging(["X-File-Id": id]) { $1 }
        return try await server.exchange(latin1(request("POST /upload", all, length: body.count)) + body)
    }

    private func status(_ server: TestServer, _ id: String) async throws -> String {
        try await server.exchange(latin1(request("GET /status", ["X-File-Id": id]))).text
    }

    @Test func `are told apart by the length they state`() async throws {
        try await TestServer.run { server async throws in
            let (first, second) = ("\u{E9}.bin-10-5", "\u{E8}.bin-20-5")
            #expect(try await post(server, first, body: bytes(0..<4)).status == 200)
            let glued = try await post(server, second, ["X-Start-Byte": "4"], body: bytes(4..<20))
            #expect(glued.status == 400 && glued.reason == "Wrong start byte" && glued.text == "0")
            #expect(try await post(server, second, body: bytes(100..<120)).status == 200)
            #expect(try await status(server, first) == "4")
            #expect(try await status(server, second) == "20")
            let last = try await post(server, first, ["X-Start-Byte": "4"], body: bytes(4..<10))
            #expect(try await server.ask("GET \(try #require(last["location"]))").body == bytes(0..<10))
        }
    }

    @Test(arguments: ["?.bin-10-5", "?"])
    func `are told apart by the length that is declared`(shape: String) async throws {
        let (first, second) = (shape.replacing("?", with: "\u{E9}"), shape.replacing("?", with: "\u{E8}"))
        try await TestServer.run { server async throws in
            #expect(try await post(server, first, ["X-File-Size": "10"], body: bytes(0..<4)).status == 200)
            let fields = ["X-File-Size": "20", "X-Start-Byte": "4"]
            let refused = try await post(server, second, fields, body: bytes(104..<120))
            #expect(refused.status == 400 && refused.reason == "Another length" && refused.text == "4")
            #expect(try await status(server, first) == "4")
            let last = try await post(server, first, ["X-Start-Byte": "4"], body: bytes(4..<10))
            #expect(try await server.ask("GET \(try #require(last["location"]))").body == bytes(0..<10))
        }
    }

    @Test func `are not complete before the length they state`() async throws {
        try await TestServer.run { server async throws in
            let answer = try await post(server, "\u{E9}.bin-10-5", body: bytes(0..<4))
            #expect(answer.status == 200 && answer.text == "")
            #expect(try await server.holdings().uploads.map(\.state) == [.open])
        }
    }
}
