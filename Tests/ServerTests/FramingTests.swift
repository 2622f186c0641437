import RawHTTP
import Testing

/// Messages whose end two servers in a row might see in two places, and other broken heads.
@Suite struct `Broken messages` {
    private static let post = "POST /upload HTTP/1.1\nHost: x\nX-File-Id: a\n"

    private static let heads: [(what: String, bytes: String, status: Int)] = [
        ("length and coding", post + "Content-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n", 400),
        ("coding and length", post + "Transfer-Encoding: chunked\nContent-Length: 5\n\n0\n\n", 400),
        ("two lengths", post + "Content-Length: 5\nContent-Length: 6\n\nabcdef", 400),
        ("one length twice", post + "Content-Length: 5\nContent-Length: 5\n\nabcde", 400),
        ("a list of lengths", post + "Content-Length: 5, 5\n\nabcde", 400),
        ("a negative length", post + "Content-Length: -5\n\n", 400),
        ("a length with a sign", post + "Content-Length: +5\n\nabcde", 400),
        ("a hexadecimal length", post + "Content-Length: 0x5\n\nabcde", 400),
        ("a fraction of a byte", post + "Content-Length: 5.0\n\nabcde", 400),
        ("no number", post + "Content-Length: five\n\nabcde", 400),
        ("an empty length", post + "Content-Length:\n\n", 400),
        ("a number with a space", post + "Content-Length: 5 5\n\n", 400),
        ("more than 64 bits", post + "Content-Length: 99999999999999999999999\n\n", 400),
        ("another coding", post + "Transfer-Encoding: gzip\n\n", 400),
        ("two codings", post + "Transfer-Encoding: gzip, chunked\n\n0\n\n", 400),
        ("chunked twice", post + "Transfer-Encoding: chunked, chunked\n\n0\n\n", 400),
        ("chunked in two fields", post + "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n0\n\n", 400),
        ("nearly chunked", post + "Transfer-Encoding: xchunked\n\n0\n\n", 400),
        ("identity", post + "Transfer-Encoding: identity\n\n", 400),
        ("an empty coding", post + "Transfer-Encoding:\n\n", 400),
        ("chunked in HTTP/1.0", "POST /upload HTTP/1.0\nX-File-Id: a\nTransfer-Encoding: chunked\n\n0\n\n", 400),
        ("a space before the colon", post + "Content-Length : 5\n\nabcde", 400),
        ("a folded field", post + "X-Start-Byte: 0\n 5\n\n", 400),
        ("a field without a name", post + ": 5\n\n", 400),
        ("a field without a colon", post + "nonsense\n\n", 400),
        ("a space in a name", post + "Content Length: 5\n\n", 400),
        ("NUL in a value", post + "X-Start-Byte: 0\0\n\n", 400),
        ("a control character in a value", post + "X-Start-Byte: \u{1}0\n\n", 400),
        ("DEL in a value", post + "X-Start-Byte: 0\u{7F}\n\n", 400),
        ("no host", "GET /status HTTP/1.1\n\n", 400),
        ("two hosts", "GET /status HTTP/1.1\nHost: a\nHost: b\n\n", 400),
        ("no version", "GET /status\n\n", 400),
        ("HTTP/2.0", "GET /status HTTP/2.0\nHost: x\n\n", 400),
        ("HTTP/1.2.3", "GET /status HTTP/1.2.3\nHost: x\n\n", 400),
        ("another protocol", "GET /status HTTQ/1.1\nHost: x\n\n", 400),
        ("nothing", "\n\n\n\nfoo\n\n", 400),
        ("an unknown method", "FROB /status HTTP/1.1\nHost: x\n\n", 400),
        ("a method in lower case", "get /status HTTP/1.1\nHost: x\n\n", 400),
        ("a space in the path", "GET /sta tus HTTP/1.1\nHost: x\n\n", 400),
        ("a NUL in the path", "GET /sta\0tus HTTP/1.1\nHost: x\n\n", 400),
        ("letters outside ASCII in the path", "GET /stätus HTTP/1.1\nHost: x\n\n", 400),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0", 400),
        ("a field of 100 KB", post + "X-Long: \(String(repeating: "a", count: 100_000))\n\n", 431),
        ("a path of 100 KB", "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\nHost: x\n\n", 431),
        ("2,000 fields", post + String(repeating: "A: b\n", count: 2_000) + "\n", 431),
        (
            "100 KB of fields",
            post + String(repeating: "Abc: \(String(repeating: "b", count: 990))\n", count: 100) + "\n", 431
        ),
    ]

    @Test(arguments: heads.indices) func `are refused, change nothing, and end the connection`(index: Int) async throws
    {
        let head = Self.heads[index]
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            try await connection.send(head.bytes)
            let answer = try await connection.readFinal()
            #expect(answer.status == head.status, "\(head.what)")
            #expect(
                answer["connection"] == "close" && answer["content-type"] == "application/problem+json", "\(head.what)")
            #expect(try await connection.readToEnd() == [], "\(head.what)")
            #expect(try await server.census() == ["0 chunks", "0 tails"], "\(head.what)")
        }
    }

    private static let bodies: [(what: String, bytes: String)] = [
        ("a chunk length that is no number", "3\nabc\nxyz\nabc\n0\n\n"),
        ("a negative chunk length", "3\nabc\n-1\nabc\n0\n\n"),
        ("a chunk longer than it says", "3\nabcdef\n0\n\n"),
        ("a chunk of 2^64 bytes", "3\nabc\n10000000000000000\nabc"),
        ("an empty chunk length", "3\nabc\n\nabc\n0\n\n"),
    ]

    @Test(arguments: bodies.indices) func `keep what came before the break`(index: Int) async throws {
        let body = Self.bodies[index]
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            try await connection.send(
                request("POST /upload", ["X-File-Id": "a", "Transfer-Encoding": "chunked"]) + body.bytes)
            let answer = try await connection.readFinal()
            #expect(answer.status == 400 && answer.text == "3" && answer["connection"] == "close", "\(body.what)")
            #expect(try await server.status("a") == "3", "\(body.what)")
        }
    }

    @Test func `trailers are passed over`() async throws {
        try await TestServer.run { server async throws in
            let fields = ["X-File-Id": "a", "Transfer-Encoding": "chunked"]
            let connection = try await server.open()
            try await connection.send(request("POST /upload", fields) + "3\nabc\n0\nX-Start-Byte: 7\n\n")
            #expect(try await connection.readFinal().status == 200)
            try await connection.send(request("GET /status", ["X-File-Id": "a"]))
            #expect(try await connection.readFinal().text == "3")
        }
    }
}
