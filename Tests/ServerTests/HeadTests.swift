import RawHTTP
import Testing

@Suite struct `Fields of a head` {
    private static let post = "POST /upload HTTP/1.1\nHost: x\nX-File-Id: a\n"

    @Test(arguments: [
        "Content-Length: 5 \n\nabcde", "Content-Length:   5   \n\nabcde",
        "Transfer-Encoding: chunked \n\n5\nabcde\n0\n\n", "Transfer-Encoding:  Chunked  \n\n5\nabcde\n0\n\n",
        "Expect: 100-continue \nContent-Length: 5\n\nabcde", "Expect:\t100-Continue\t\nContent-Length: 5\n\nabcde",
    ])
    func `may have blanks at the end of their line`(rest: String) async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            try await connection.send(Self.post + rest)
            let answer = try await connection.readFinal()
            #expect(answer.status == 200 && answer["connection"] == nil)
            try await connection.send(request("GET /status", ["X-File-Id": "a"]))
            #expect(try await connection.readFinal().text == "5")
        }
    }

    @Test(arguments: ["100-continue ", "100-Continue\t"])
    func `with blanks at the end of their line still mean what they say`(expectation: String) async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            try await connection.send(request("POST /upload", ["X-File-Id": "a", "Expect": expectation], length: 3))
            #expect(try await connection.read().status == 100)
            try await connection.send([1, 2, 3])
            #expect(try await connection.read().status == 200)
        }
    }

    @Test(arguments: ["bytes 0-2/9", "bytes 0-2/3", "bytes */9", "nonsense", ""])
    func `that make a body a part of something are refused`(range: String) async throws {
        try await TestServer.run { server async throws in
            let fields = ["X-File-Id": "a", "Content-Range": range]
            let upload = try await server.ask("POST /upload", fields, body: [1, 2, 3])
            #expect(upload.status == 400 && upload.reason == "Bad Content-Range")
            for line in ["PUT /files/x", "POST /files"] {
                let plain = try await server.ask(line, ["Content-Range": range], body: [1, 2, 3])
                #expect(plain.status == 400 && plain.text.contains("/problems/bad-header\""), "\(line)")
                #expect(plain.text.contains("\"field\":\"Content-Range\""), "\(line)")
            }
            #expect(try await server.census() == ["0 chunks", "0 tails"])
        }
    }

    @Test(arguments: ["/status", "/files/a", "/health"])
    func `that are refused to HEAD are refused without a body`(path: String) async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            try await connection.send(request("HEAD \(path)", ["Expect": "something"]))
            let answer = try await connection.readFinal(toHead: true)
            #expect(answer.status == 417 && answer["connection"] == "close")
            #expect(try await connection.readToEnd() == [])
        }
    }
}
