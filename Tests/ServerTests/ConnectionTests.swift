import CairnEngine
import CairnServer
import RawHTTP
import Testing

@Suite struct `Expect: 100-continue` {
    private let expect = ["X-File-Id": "a", "Expect": "100-continue"]

    @Test func `is answered when the body is wanted`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            try await connection.send(request("POST /upload", expect, length: 3))
            #expect(try await connection.read().status == 100)
            try await connection.send([1, 2, 3])
            #expect(try await connection.read().status == 200)
        }
    }

    @Test func `is answered once on a connection of many requests`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            for index in 0..<3 {
                let fields = expect.merging(["X-File-Id": "f\(index)"]) { $1 }
                try await connection.send(request("POST /upload", fields, length: 3))
                #expect(try await connection.read().status == 100)
                try await connection.send([1, 2, 3])
                #expect(try await connection.read().status == 200)
            }
        }
    }

    @Test(arguments: [
        ("POST /upload", ["X-File-Id": "a", "X-Start-Byte": "7"], 400), ("POST /upload", [:], 400),
        ("GET /upload", [:], 405), ("POST /nowhere", [:], 404), ("PUT /files/%00", [:], 400),
        ("POST /upload", ["X-File-Id": "a", "X-File-Size": "2"], 400), ("POST /files", ["Tus-Resumable": "1.0.0"], 400),
    ])
    func `is not answered when the refusal comes first`(
        line: String, fields: [String: String], status: Int
    ) async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let all = fields.merging(["Expect": "100-continue"]) { $1 }
            try await connection.send(request(line, all, length: 3))
            let answer = try await connection.read()
            #expect(answer.status == status && answer["connection"] == "close")
            #expect(try await connection.readToEnd() == [])
        }
    }

    @Test func `is not answered when the body came unasked`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let head = Array(request("POST /upload", expect, length: 3).replacing("\n", with: "\r\n").utf8)
            try await connection.send(head + [1, 2, 3])
            #expect(try await connection.read().status == 200)
        }
    }

    @Test(arguments: ["something", "100-continue, more", "100-continue-x", ""])
    func `anything else cannot be expected`(expectation: String) async throws {
        try await TestServer.run { server async throws in
            let fields = ["X-File-Id": "a", "Expect": expectation]
            let answer = try await server.ask("POST /upload", fields, body: [1])
            #expect(answer.status == 417 && answer["content-type"] == "application/problem+json")
            #expect(try await server.status("a") == "0")
        }
    }

    @Test func `means nothing to HTTP/1.0`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let head = "POST /upload HTTP/1.0\nX-File-Id: a\nExpect: 100-continue\nContent-Length: 3\n\nabc"
            try await connection.send(head)
            #expect(try await connection.read().status == 200)
            #expect(try await connection.readToEnd() == [])
        }
    }
}

@Suite struct `Refusals before the body` {
    @Test func `arrive, and the body is not swallowed`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let fields = ["X-File-Id": "a", "X-Start-Byte": "7"]
            try await connection.send(request("POST /upload", fields, length: 10_000_000_000))
            for _ in 0..<64 { connection.push([UInt8](repeating: 1, count: 1 << 20)) }
            let answer = try await connection.readFinal()
            #expect(answer.status == 400 && answer.reason == "Wrong start byte" && answer.text == "0")
            #expect(answer["connection"] == "close")
            _ = try? await connection.readToEnd()  // ends, or is reset: it does not go on
            #expect(try await server.status("a") == "0")
        }
    }

    @Test func `arrive at a client that sends nothing more`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            try await connection.send(request("POST /upload", length: 10_000_000_000))
            #expect(try await connection.readFinal().status == 400)
            #expect(try await connection.readToEnd() == [])
        }
    }

    @Test func `of a body that is all there leave the connection open`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let head = Array(request("POST /upload", length: 3).replacing("\n", with: "\r\n").utf8)
            try await connection.send(head + [1, 2, 3])
            let answer = try await connection.readFinal()
            #expect(answer.status == 400 && answer["connection"] == nil)
            try await connection.send(request("GET /status"))
            #expect(try await connection.readFinal().text == "0")
        }
    }
}

@Suite struct `Connections` {
    @Test func `serve one request after another, HEAD among them`() async throws {
        try await TestServer.run { server async throws in
            let file = try #require(try await server.ask("PUT /files/a", body: bytes(0..<10))["location"])
            let connection = try await server.open()
            for line in [
                "HEAD \(file)", "HEAD /v1\(file)", "HEAD /status", "HEAD /health", "HEAD /nowhere", "HEAD /v1",
            ] {
                try await connection.send(request(line))
                let head = try await connection.readFinal(toHead: true)
                #expect(head["content-length"] != nil && head["transfer-encoding"] == nil, "\(line)")
                try await connection.send(request("GET /status"))
                #expect(try await connection.readFinal().text == "0", "\(line)")
            }
        }
    }

    @Test func `answer pipelined requests in their order`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            var text = ""
            for index in 0..<50 {
                text +=
                    request("POST /upload", ["X-File-Id": "f\(index)"], length: index)
                    + String(repeating: "x", count: index)
                text += request("GET /status", ["X-File-Id": "f\(index)"])
            }
            try await connection.send(text)
            for index in 0..<50 {
                #expect(try await connection.readFinal().status == 200)
                #expect(try await connection.readFinal().text == "\(index)")
            }
        }
    }

    @Test func `close when they are asked to, and for HTTP/1.0`() async throws {
        try await TestServer.run { server async throws in
            for head in [request("GET /status", ["Connection": "close"]), "GET /status HTTP/1.0\n\n"] {
                let connection = try await server.open()
                try await connection.send(head)
                let answer = try await connection.readFinal()
                #expect(answer.text == "0" && answer["connection"] == "close")
                #expect(try await connection.readToEnd() == [])
            }
        }
    }

    @Test func `do not hang after an upgrade that nobody wants`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let fields = ["Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAA"]
            try await connection.send(request("GET /status", fields))
            #expect(try await connection.readFinal().text == "0")
            #expect(try await connection.readToEnd() == [])
        }
    }

    @Test func `end a body of one byte at a time`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            for byte in Array(request("POST /upload", ["X-File-Id": "a"], length: 9).replacing("\n", with: "\r\n").utf8)
            {
                try await connection.send([byte])
            }
            for byte in bytes(0..<9) { try await connection.send([byte]) }
            #expect(try await connection.readFinal().status == 200)
            #expect(try await server.status("a") == "9")
        }
    }

    @Test func `that say nothing are closed`() async throws {
        // Long enough for a client on a busy machine to send half a head.
        let configure: (inout UploadServer.Configuration) -> Void = { $0.channel.headTimeout = .milliseconds(300) }
        try await TestServer.run(configure: configure) { server async throws in
            let connection = try await server.open()
            #expect(try await connection.readToEnd() == [])
            let slow = try await server.open()
            try await slow.send("GET /status HTTP/1.1\nHost:")
            // Closed over bytes that nobody read, a connection is reset; over none it ends.
            do { #expect(try await slow.readToEnd() == []) } catch RawError.reset {}
        }
    }
}

@Suite struct `Stopping` {
    @Test func `a running body is answered, what came of it is kept, and connections end`() async throws {
        try await TestServer.run { server async throws in
            let idle = try await server.open()
            try await idle.send(request("GET /status"))
            _ = try await idle.readFinal()
            let upload = try await server.halfAnUpload("a")
            await server.stop()
            let answer = try await upload.readFinal()
            let prefix = try #require(Int64(answer.text))
            #expect(answer.status == 503 && prefix >= 65_536 && answer["connection"] == "close")
            #expect(answer["upload-prefix"]?.contains(";offset=\(prefix)") == true && answer["retry-after"] != nil)
            #expect(try await idle.readToEnd() == [])
            let kept = try await server.engine.upload(named: .init("a", of: .everyone), for: .everyone)
            #expect(kept?.offset == prefix)
        }
    }
}
