import CairnEngine
import RawHTTP
import Testing

@Suite struct `A body that is not as long as it says` {
    @Test func `is refused when it ends before its length, and what came is kept`() async throws {
        try await TestServer.run { server async throws in
            for path in ["/files", "/upload"] {
                let connection = try await server.open()
                try await connection.send(request("POST \(path)", ["X-File-Id": "short"], length: 100))
                try await connection.send(bytes(0..<10))
                try await connection.finish()
                #expect(try await connection.readFinal().status == 400)
            }
            #expect(try await server.status("short") == "10")
            #expect(try await server.engine.uploads(.complete, for: .everyone, after: nil, limit: 9).isEmpty)
        }
    }

    @Test(arguments: [("POST /upload", 200), ("POST /files", 201), ("PUT /files/a", 201)])
    func `ends at its length, and the rest is refused as the next message`(line: String, status: Int) async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let head = request(line, ["X-File-Id": "long", "X-File-Size": "9"], length: 3)
            try await connection.send(head + "abc" + "excess")
            #expect(try await connection.readFinal().status == status)
            let refusal = try await connection.readFinal()
            #expect(refusal.status == 400 && refusal["connection"] == "close")
            #expect(refusal.text.contains("/problems/bad-framing"))
            #expect(try await connection.readToEnd() == [])
            #expect(try await server.holdings().uploads.map(\.offset) == [3])
        }
    }

    @Test func `is refused before it is read when its length is past the end`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let fields = ["X-File-Id": "a", "X-File-Size": "10", "Expect": "100-continue"]
            try await connection.send(request("POST /upload", fields, length: 11))
            let answer = try await connection.read()
            #expect(answer.status == 400 && answer.text == "0")
            #expect(try await server.holdings().uploads.isEmpty)
        }
    }

    enum Cut: CaseIterable { case close, reset, halfClose }

    @Test(arguments: ["/upload", "/files"], Cut.allCases)
    func `completes nothing when it is cut before its last chunk`(path: String, cut: Cut) async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let fields = ["X-File-Id": "a", "Transfer-Encoding": "chunked"]
            try await connection.send(request("POST \(path)", fields) + "a\n0123456789\n")
            let hasArrived = try await server.soon { try await server.openOffsets() == [10] }
            #expect(hasArrived)
            switch cut {
            case .close: try await connection.close()
            case .reset: try await connection.reset()
            case .halfClose: try await connection.finish()
            }
            let kept: [Int64] = path == "/upload" ? [10] : []
            if path == "/upload" { #expect(try await server.status("a") == "10") }
            let isOver = try await server.soon { try await server.openOffsets() == kept }
            #expect(isOver)
            #expect(try await server.engine.uploads(.complete, for: .everyone, after: nil, limit: 9).isEmpty)
        }
    }
}

@Suite struct `A body that the server breaks off` {
    @Test func `ends its connection, and the answer says so`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let fields = ["X-File-Id": "a", "X-File-Size": "10", "Transfer-Encoding": "chunked"]
            let body = wire("4e20\n") + bytes(0..<20_000) + wire("\n0\n\n")
            try await connection.send(wire(request("POST /upload", fields)) + body)
            let answer = try await connection.readFinal()
            #expect(answer.status == 400 && answer.reason == "More bytes than declared" && answer.text == "10")
            #expect(answer["connection"] == "close")
            #expect(try await connection.readToEnd() == [])
            #expect(try await server.status("a") == "10")
        }
    }
}

extension TestServer {
    /// How far the open uploads are.
    fileprivate func openOffsets() async throws -> [Int64] {
        try await engine.uploads(.open, for: .everyone, after: nil, limit: 9).map(\.offset)
    }
}
