import CairnContent
import CairnDialects
import CairnEngine
import RawHTTP
import Testing

/// The demo server's table (spec/x-start-byte.md), as it was meant.
@Suite struct `The demo's exchanges over a socket` {
    private let file = bytes(0..<200_000)

    @Test func `status of an id never seen, and of none, is 0`() async throws {
        try await TestServer.run { server async throws in
            for fields in [["X-File-Id": "a"], [:]] {
                for line in ["GET /status", "POST /status", "PUT /status", "DELETE /status?x=1"] {
                    let answer = try await server.ask(line, fields)
                    #expect(answer.status == 200 && answer.text == "0" && answer["cache-control"] == "no-store")
                    #expect(answer["content-type"]?.hasPrefix("text/plain") == true)
                }
            }
            #expect(try await server.census() == ["0 chunks", "0 tails"])
        }
    }

    @Test func `a whole body makes a file, and its address gives it back`() async throws {
        try await TestServer.run { server async throws in
            let answer = try await server.ask("POST /upload", ["X-File-Id": "a", "X-Start-Byte": "0"], body: file)
            #expect(answer.status == 200 && answer.body.isEmpty)
            #expect(try await server.status("a") == "200000")
            let location = try #require(answer["location"])
            let download = try await server.ask("GET \(location)")
            #expect(download.status == 200 && download.body == file)
            #expect(answer["upload-prefix"] == download["upload-prefix"])
        }
    }

    @Test(arguments: [nil, "", "0"])
    func `no start byte begins`(start: String?) async throws {
        try await TestServer.run { server async throws in
            var fields = ["X-File-Id": "a"]
            fields["X-Start-Byte"] = start
            #expect(try await server.ask("POST /upload", fields, body: file).status == 200)
            #expect(try await server.status("a") == "200000")
        }
    }

    @Test func `bytes at the counter are appended, and the last ones are a success`() async throws {
        try await TestServer.run { server async throws in
            var fields = ["X-File-Id": "a", "X-Start-Byte": "0", "X-File-Size": "200000"]
            let first = try await server.ask("POST /upload", fields, body: Array(file[..<70_000]))
            #expect(first.status == 200 && first.text == "")
            fields["X-Start-Byte"] = "70000"
            let last = try await server.ask("POST /upload", fields, body: Array(file[70_000...]))
            #expect(last.status == 200 && last.text == "Success 200000")
            #expect(try await server.status("a") == "200000")
            let download = try await server.ask("GET \(try #require(last["location"]))")
            #expect(download.body == file)
        }
    }

    @Test func `a wrong start changes nothing and tells the right one`() async throws {
        try await TestServer.run { server async throws in
            let unknown = try await server.ask("POST /upload", ["X-File-Id": "a", "X-Start-Byte": "5"], body: [1])
            #expect(unknown.status == 400 && unknown.reason == "Wrong start byte" && unknown.text == "0")
            #expect(try await server.status("a") == "0")
            _ = try await server.ask("POST /upload", ["X-File-Id": "a", "X-File-Size": "9"], body: [1, 2, 3])
            for start in ["1", "2", "4", "999999999999999"] {
                let known = try await server.ask("POST /upload", ["X-File-Id": "a", "X-Start-Byte": start], body: [1])
                #expect(known.status == 400 && known.reason == "Wrong start byte" && known.text == "3")
                #expect(known["upload-prefix"]?.contains(";offset=3") == true)
            }
            #expect(try await server.status("a") == "3")
        }
    }

    @Test func `without an id nothing is read and nothing stored`() async throws {
        try await TestServer.run { server async throws in
            let answer = try await server.ask("POST /upload", ["X-Start-Byte": "0"], body: file)
            #expect(answer.status == 400 && answer.reason == "No file id" && answer.body.isEmpty)
            #expect(try await server.census() == ["0 chunks", "0 tails"])
        }
    }

    enum Cut: CaseIterable { case close, reset, halfClose }

    @Test(arguments: Cut.allCases)
    func `a body that breaks off keeps what arrived`(cut: Cut) async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.halfAnUpload("a")
            switch cut {
            case .close: try await connection.close()
            case .reset: try await connection.reset()
            case .halfClose: try await connection.finish()
            }
            let prefix = try #require(Int(try await server.status("a")))
            #expect(cut == .reset ? (65_536...100_000).contains(prefix) : prefix == 100_000)
            let fields = ["X-File-Id": "a", "X-Start-Byte": "\(prefix)"]
            let answer = try await server.ask("POST /upload", fields, body: Array(file[prefix...]))
            #expect(try await server.ask("GET \(try #require(answer["location"]))").body == file)
        }
    }

    @Test func `more bytes than the file has are refused and nothing past its end is kept`() async throws {
        try await TestServer.run { server async throws in
            let fields = ["X-File-Id": "a", "X-File-Size": "10"]
            let answer = try await server.ask("POST /upload", fields, body: bytes(0..<20))
            #expect(answer.status == 400)
            let chunked = try await server.chunked(fields.merging(["X-File-Id": "b"]) { $1 }, [bytes(0..<20)])
            #expect(chunked.status == 400 && chunked.text == "10")
            #expect(try await server.status("b") == "10")
        }
    }

    @Test func `another length than before is refused, but a new start may have one`() async throws {
        try await TestServer.run { server async throws in
            _ = try await server.ask("POST /upload", ["X-File-Id": "a", "X-File-Size": "10"], body: [1, 2, 3])
            let fields = ["X-File-Id": "a", "X-File-Size": "11", "X-Start-Byte": "3"]
            let answer = try await server.ask("POST /upload", fields, body: [4])
            #expect(answer.status == 400 && answer.text == "3")
            let restart = try await server.ask("POST /upload", ["X-File-Id": "a", "X-File-Size": "2"], body: [9, 8])
            #expect(restart.status == 200 && restart.text == "Success 2")
        }
    }

    @Test func `an empty body at the full length is already there`() async throws {
        try await TestServer.run { server async throws in
            _ = try await server.ask("POST /upload", ["X-File-Id": "a"], body: file)
            let again = try await server.ask("POST /upload", ["X-File-Id": "a", "X-Start-Byte": "200000"], body: [])
            #expect(again.status == 200)
            let declared = ["X-File-Id": "a", "X-Start-Byte": "200000", "X-File-Size": "200000"]
            #expect(try await server.ask("POST /upload", declared, body: []).text == "Success 200000")
        }
    }

    @Test func `a chunked body that ends tells the length too`() async throws {
        try await TestServer.run { server async throws in
            let parts = stride(from: 0, to: 200_000, by: 777).map { Array(file[$0..<min($0 + 777, 200_000)]) }
            let answer = try await server.chunked(["X-File-Id": "a"], parts)
            #expect(answer.status == 200)
            #expect(try await server.ask("GET \(try #require(answer["location"]))").body == file)
        }
    }

    @Test func `bytes after an inferred end continue the file`() async throws {
        try await TestServer.run { server async throws in
            for range in [0..<70_000, 70_000..<130_000, 130_000..<200_000] {
                let fields = ["X-File-Id": "a", "X-Start-Byte": "\(range.lowerBound)"]
                #expect(try await server.ask("POST /upload", fields, body: Array(file[range])).status == 200)
            }
            let look = try await server.ask("GET /v1/uploads?file-id=a")
            #expect(look.text.contains("\"state\":\"complete\"") && look.text.contains("\"offset\":200000"))
        }
    }

    @Test func `a broken restart loses nothing, and two contents are never glued`() async throws {
        try await TestServer.run { server async throws in
            let fields = ["X-File-Id": "a", "X-File-Size": "200000"]
            _ = try await server.ask("POST /upload", fields, body: Array(file[..<100_000]))
            _ = try await server.ask("POST /upload", fields, body: Array(file[..<40_000]))
            #expect(try await server.status("a") == "100000")
            _ = try await server.ask("POST /upload", fields, body: Array(file[1..<30_001]))
            #expect(try await server.status("a") == "30000")
        }
    }

    @Test func `a newer request takes over, and the older one is told`() async throws {
        try await TestServer.run { server async throws in
            let older = try await server.halfAnUpload("a")
            let prefix = try #require(Int(try await server.status("a")))  // the question alone cuts the older body
            #expect((65_536...100_000).contains(prefix))
            let told = try await older.readFinal()
            #expect(told.status == 409 && told["connection"] == "close")
            let fields = ["X-File-Id": "a", "X-Start-Byte": "\(prefix)"]
            let answer = try await server.ask("POST /upload", fields, body: Array(file[prefix...]))
            #expect(try await server.ask("GET \(try #require(answer["location"]))").body == file)
        }
    }

    @Test func `a look takes nothing over`() async throws {
        try await TestServer.run { server async throws in
            let upload = try await server.halfAnUpload("a")
            let look = try await server.ask("GET /v1/uploads?file-id=a")
            #expect(look.status == 200 && look.text.contains("\"state\":\"open\""))
            try await upload.send(Array(file[100_000...]))
            #expect(try await upload.readFinal().status == 200)
        }
    }

    @Test func `an id of raw Latin-1 letters is served`() async throws {
        try await TestServer.run { server async throws in
            let connection = try await server.open()
            let head = Array("POST /upload HTTP/1.1\r\nHost: x\r\nX-File-Id: ".utf8) + [0xE9]
            try await connection.send(head + Array(".bin-3-5\r\nContent-Length: 3\r\n\r\nabc".utf8))
            #expect(try await connection.readFinal().status == 200)
            try await connection.send(Array("GET /status HTTP/1.1\r\nHost: x\r\nX-File-Id: ".utf8) + [0xE9])
            try await connection.send(Array(".bin-3-5\r\n\r\n".utf8))
            #expect(try await connection.readFinal().text == "3")
        }
    }
}

@Suite struct `What an append is checked against` {
    @Test func `a digest of the body: unlike it, nothing counts`() async throws {
        try await TestServer.run { server async throws in
            let body = bytes(0..<1000)
            let right = ContentDigestField(Digest(hashing: body.span)).description
            let wrong = ContentDigestField(Digest(hashing: bytes(1..<1001).span)).description
            let refused = try await server.ask("POST /upload", ["X-File-Id": "a", "Content-Digest": wrong], body: body)
            #expect(refused.status == 400 && refused.text == "0")
            #expect(try await server.status("a") == "0")
            let fields = ["X-File-Id": "a", "Content-Digest": right]
            #expect(try await server.ask("POST /upload", fields, body: body).status == 200)
        }
    }

    @Test func `the prefix the client believes in`() async throws {
        try await TestServer.run { server async throws in
            let fields = ["X-File-Id": "a", "X-File-Size": "9"]
            let first = try await server.ask("POST /upload", fields, body: [1, 2, 3])
            let prefix = try #require(first["upload-prefix"])
            let other = PrefixField(digest: Digest(hashing: [1].span)).description
            let next = fields.merging(["X-Start-Byte": "3"]) { $1 }
            let refused = try await server.ask(
                "POST /upload", next.merging(["If-Upload-Prefix": other]) { $1 }, body: [4])
            #expect(refused.status == 412 && refused["upload-prefix"]?.prefix(46) == prefix.prefix(46))
            let answer = try await server.ask(
                "POST /upload", next.merging(["If-Upload-Prefix": prefix]) { $1 }, body: [4])
            #expect(answer.status == 200)
            #expect(try await server.status("a") == "4")
        }
    }
}
