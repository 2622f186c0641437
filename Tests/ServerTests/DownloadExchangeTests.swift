import CairnContent
import CairnEngine
import CairnServer
import NIOCore
import RawHTTP
import Testing

@Suite struct `Downloads over a socket` {
    private let file = bytes(0..<200_000)

    @Test func `whole, in ranges, and not at all when it is there already`() async throws {
        try await TestServer.run { server async throws in
            let made = try await server.ask("PUT /files/a%20b.bin", ["Content-Type": "image/png"], body: file)
            #expect(made.status == 201)
            let path = try #require(made["location"])
            let tag = try #require(made["etag"])
            for path in [path, "/v1" + path] {
                let whole = try await server.ask("GET \(path)")
                #expect(whole.status == 200 && whole.body == file && whole["etag"] == tag)
                #expect(whole["content-type"] == "image/png")
                #expect(whole["content-disposition"] == "inline; filename=\"a b.bin\"")
                let part = try await server.ask("GET \(path)", ["Range": "bytes=65530-131080", "If-Range": tag])
                #expect(part.status == 206 && part.body == Array(file[65530...131080]))
                #expect(part["content-range"] == "bytes 65530-131080/200000")
                #expect(try await server.ask("GET \(path)", ["If-None-Match": tag]).status == 304)
                #expect(try await server.ask("GET \(path)", ["If-Match": "\"x\""]).status == 412)
                let past = try await server.ask("GET \(path)", ["Range": "bytes=200000-"])
                #expect(past.status == 416 && past["content-range"] == "bytes */200000")
                let head = try await server.ask("HEAD \(path)")
                #expect(head.status == 200 && head["content-length"] == "200000" && head["etag"] == tag)
            }
        }
    }

    @Test func `several ranges at once`() async throws {
        try await TestServer.run { server async throws in
            let path = try #require(try await server.ask("PUT /files/a", body: file)["location"])
            let answer = try await server.ask("GET \(path)", ["Range": "bytes=0-9,65530-65540,-3"])
            #expect(answer.status == 206)
            let boundary = try #require(answer["content-type"]?.split(separator: "=").last.map(String.init))
            var expected: [UInt8] = []
            for range in [0...9, 65530...65540, 199_997...199_999] {
                let head = "\r\n--\(boundary)\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes "
                expected += Array((head + "\(range.lowerBound)-\(range.upperBound)/200000\r\n\r\n").utf8)
                expected += file[range]
            }
            #expect(answer.body == expected + Array("\r\n--\(boundary)--\r\n".utf8))
        }
    }

    @Test func `of an unfinished upload give what has arrived`() async throws {
        try await TestServer.run { server async throws in
            let fields = ["X-File-Id": "a", "X-File-Size": "200000"]
            let begun = try await server.ask("POST /upload", fields, body: Array(file[..<100_000]))
            let path = try #require(begun["location"])
            let part = try await server.ask("GET /v1\(path)", ["Range": "bytes=65530-"])
            #expect(part.status == 206 && part["content-range"] == "bytes 65530-99999/*")
            #expect(part.body == Array(file[65530..<100_000]))
            let past = try await server.ask("GET /v1\(path)", ["Range": "bytes=100000-"])
            #expect(past.status == 416 && past["content-range"] == "bytes */100000")
            let question = try await server.ask("HEAD \(path)")
            #expect(question.status == 204 && question["upload-offset"] == "100000")
        }
    }

    @Test func `of an empty file give no byte`() async throws {
        try await TestServer.run { server async throws in
            let path = try #require(try await server.ask("PUT /files/a", body: [])["location"])
            let answer = try await server.ask("GET \(path)")
            #expect(answer.status == 200 && answer.body.isEmpty && answer["content-length"] == "0")
        }
    }

    @Test func `damage in the first chunk is said, later damage breaks the body off`() async throws {
        try await TestServer.run { server async throws in
            let path = try #require(try await server.ask("PUT /files/a", body: file)["location"])
            let second = Digest(hashing: file[65_536..<131_072].span)
            server.store.damage(second, with: ByteBuffer(bytes: bytes(1..<65_537)))
            let connection = try await server.open()
            try await connection.send(request("GET \(path)"))
            await #expect(throws: RawError.self) { try await connection.readFinal() }
            let from = try await server.ask("GET \(path)", ["Range": "bytes=65536-"])
            #expect(from.status == 503 && from.text.contains("/problems/damaged") && from.text.contains("\(second)"))
            server.store.damage(second, with: nil)
            #expect(try await server.ask("GET \(path)", ["Range": "bytes=70000-70001"]).status == 503)
            #expect(try await server.ask("GET \(path)", ["Range": "bytes=0-65535"]).status == 206)
        }
    }

    @Test func `send a chunk while the next one is read, and read each once`() async throws {
        try await TestServer.run { server async throws in
            let path = try #require(try await server.ask("PUT /files/a", body: file)["location"])
            let before = server.failing.readCount
            server.failing.hold(Digest(hashing: file[65_536..<131_072].span))
            let connection = try await server.open()
            try await connection.send(request("GET \(path)"))
            try await connection.wait(for: 65_536)
            server.failing.release()
            #expect(try await connection.readFinal().body == file)
            #expect(server.failing.readCount - before == 4)
            _ = try await server.ask("GET \(path)", ["Range": "bytes=65536-131071"])
            #expect(server.failing.readCount - before == 5)
        }
    }

    @Test func `wait for a client that does not read`() async throws {
        try await TestServer.run { server async throws in
            let big = bytes(0..<16_000_000)
            let path = try #require(try await server.ask("PUT /files/a", body: big)["location"])
            let connection = try await server.open()
            try await connection.setReading(false)
            try await connection.send(request("GET \(path)"))
            #expect(try await server.status("x") == "0")
            try await connection.setReading(true)
            #expect(try await connection.readFinal().body == big)
        }
    }

    @Test func `beyond the limit are told to come again`() async throws {
        try await TestServer.run(configure: { $0.downloads = 1 }) { server async throws in
            let big = bytes(0..<200_000)
            let path = try #require(try await server.ask("PUT /files/a", body: big)["location"])
            let last = Array(big[196_608...])
            server.failing.hold(Digest(hashing: last.span))
            let first = try await server.open()
            try await first.send(request("GET \(path)"))
            try await first.wait(for: 1)
            let second = try await server.ask("GET \(path)", ["Range": "bytes=0-0"])
            #expect(second.status == 503 && second.text.contains("/problems/busy") && second["retry-after"] != nil)
            #expect(try await server.ask("HEAD \(path)").status == 200)
            server.failing.release()
            #expect(try await first.readFinal().body == big)
            var answer = try await server.ask("GET \(path)", ["Range": "bytes=0-0"])
            while answer.status == 503 { answer = try await server.ask("GET \(path)", ["Range": "bytes=0-0"]) }
            #expect(answer.body == [big[0]])
        }
    }

    @Test func `end when a file is removed`() async throws {
        try await TestServer.run { server async throws in
            for prefix in ["", "/v1"] {
                let path = prefix + (try #require(try await server.ask("PUT /files/a", body: file)["location"]))
                #expect(try await server.ask("DELETE \(path)").status == 204)
                #expect(try await server.ask("GET \(path)").status == 410)
                #expect(try await server.ask("DELETE \(path)").status == 410)
            }
        }
    }
}

@Suite struct `The native reading half over a socket` {
    @Test func `lists files in pages`() async throws {
        try await TestServer.run { server async throws in
            for index in 0..<5 { _ = try await server.ask("PUT /files/f\(index)", body: bytes(0..<index)) }
            var names: [String] = []
            var after = ""
            while true {
                let page = try await server.ask("GET /v1/files?limit=2\(after)").text
                names += page.matches(of: /"name":"(f\d)"/).map { String($0.1) }
                guard let next = page.firstMatch(of: /"next":"(\w+)"/) else { break }
                after = "&after=\(next.1)"
            }
            #expect(names.sorted() == ["f0", "f1", "f2", "f3", "f4"])
        }
    }

    @Test func `gives the manifest that proves the prefix`() async throws {
        try await TestServer.run { server async throws in
            let path = try #require(try await server.ask("PUT /files/a", body: bytes(0..<200_000))["location"])
            let binary = try await server.ask("GET /v1\(path)/manifest")
            let manifest = try Manifest(bytes: binary.body.span)
            #expect(manifest.length == 200_000 && manifest.entries.count == 4)
            #expect("\(manifest.contentID)" == "4816a93270c730abf10c3eeb7453351e66da814f3f82d8e9874383c861bf56d4")
            let json = try await server.ask("GET /v1\(path)/manifest", ["Accept": "application/json"])
            #expect(json.body == manifest.json)
        }
    }

    @Test func `tells its health and what it speaks`() async throws {
        try await TestServer.run { server async throws in
            for path in ["/health", "/health/ready", "/health/live"] {
                #expect(try await server.ask("GET \(path)").text == "{\"status\":\"ok\"}")
            }
            for path in ["/health/", "/health/x", "/health/live/x"] {
                #expect(try await server.ask("GET \(path)").status == 404, "\(path)")
            }
            #expect(try await server.ask("POST /health/live", body: []).status == 405)
            #expect(try await server.ask("GET /v1").text.contains("\"dialects\""))
        }
    }
}

@Suite struct `The access log` {
    @Test func `has one line a request, and no secret`() async throws {
        try await TestServer.run { server async throws in
            let fields = ["X-File-Id": "secret-id", "Authorization": "Bearer secret-token"]
            let answer = try await server.ask("POST /upload?token=secret-query", fields, body: bytes(0..<1000))
            let id = try #require(answer["location"]).split(separator: "/")[1].prefix(8)
            let lines = server.log.lines.filter { $0.contains("POST") }
            let line = try #require(lines.first)
            #expect(lines.count == 1 && line.contains(" /upload 200 in=1000 out=0 "))
            #expect(line.contains("upload=\(id) offset=1000 from=127.0.0.1:") && line.contains("request="))
            #expect(!server.log.lines.contains { $0.contains("secret") })
        }
    }

    @Test func `has a line for what was no request`() async throws {
        try await TestServer.run { server async throws in
            _ = try await RawConnection.ask(server.port, "NONSENSE\n\n")
            #expect(server.log.lines.contains { $0.contains("- - 400 from=127.0.0.1:") })
        }
    }
}
