import CairnEngine
import RawHTTP
import Testing

/// The rest of the demo server's table (spec/x-start-byte.md), as it was meant.
@Suite struct `What the demo got wrong` {
    @Test func `status is told to any method there is`() async throws {
        try await TestServer.run { server async throws in
            _ = try await server.ask("POST /upload", ["X-File-Id": "a", "X-File-Size": "9"], body: [1, 2, 3])
            let before = try await server.holdings(of: ["a"])
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
                let answer = try await server.ask("\(method) /status", ["X-File-Id": "a"])
                #expect(answer.status == 200 && answer.text == "3", "\(method)")
                #expect(answer["upload-prefix"]?.contains(";offset=3;") == true, "\(method)")
            }
            let head = try await server.ask("HEAD /status", ["X-File-Id": "a"])
            #expect(head.status == 200 && head["content-length"] == "1" && head.body.isEmpty)
            #expect(head["upload-prefix"]?.contains(";offset=3;") == true)
            let unknown = try await server.ask("FROB /status", ["X-File-Id": "a"])
            #expect(unknown.status == 400 && unknown.text.contains("/problems/bad-framing"))
            #expect(try await server.holdings(of: ["a"]) == before)
        }
    }

    @Test(arguments: [" 5 ", "5 ", "\t5\t", "   5"])
    func `blanks around a number are no part of it`(start: String) async throws {
        try await TestServer.run { server async throws in
            let size = start.replacing("5", with: "9")
            let first = ["X-File-Id": "a", "X-File-Size": size]
            #expect(try await server.ask("POST /upload", first, body: bytes(0..<5)).status == 200)
            let next = first.merging(["X-Start-Byte": start]) { $1 }
            #expect(try await server.ask("POST /upload", next, body: bytes(5..<9)).text == "Success 9")
        }
    }

    @Test(arguments: ["X-Start-Byte", "X-File-Size"])
    func `a number sent twice starts nothing over`(name: String) async throws {
        try await TestServer.run { server async throws in
            let first = ["X-File-Id": "a", "X-File-Size": "9"]
            _ = try await server.ask("POST /upload", first, body: bytes(0..<5))
            let before = try await server.holdings(of: ["a"])
            var next = first.merging(["X-Start-Byte": "5"]) { $1 }
            next[name] = "\(next[name] ?? "")\n\(name): \(next[name] ?? "")"
            let refused = try await server.ask("POST /upload", next, body: bytes(5..<9))
            #expect(refused.status == 400 && refused.reason == "Bad \(name)")
            #expect(try await server.status("a") == "5")
            #expect(try await server.holdings(of: ["a"]) == before)
        }
    }

    @Test(arguments: ["application/problem+json", "text/html, application/problem+json; q=0.5"])
    func `a wrong start is told as a problem to those who ask for one`(accept: String) async throws {
        try await TestServer.run { server async throws in
            _ = try await server.ask("POST /upload", ["X-File-Id": "a", "X-File-Size": "9"], body: [1, 2, 3])
            for (id, offset) in [("a", 3), ("never seen", 0)] {
                let fields = ["X-File-Id": id, "X-Start-Byte": "1", "Accept": accept]
                let answer = try await server.ask("POST /upload", fields, body: [1])
                #expect(answer.status == 400 && answer["content-type"] == "application/problem+json")
                #expect(answer.text.contains("#mismatching-upload-offset\""))
                #expect(answer.text.contains("\"offset\":\(offset),"))
                #expect(answer.text.contains("\"expected-offset\":\(offset)}"))
                #expect(answer["upload-prefix"]?.hasSuffix(";offset=\(offset)") == true)
            }
            #expect(try await server.status("a") == "3")
        }
    }

    @Test func `a later part need not repeat the length, and ends nothing before it`() async throws {
        try await TestServer.run { server async throws in
            let name = UploadKey("a", of: .everyone)
            _ = try await server.ask("POST /upload", ["X-File-Id": "a", "X-File-Size": "10"], body: bytes(0..<4))
            var fields = ["X-File-Id": "a", "X-Start-Byte": "4"]
            let middle = try await server.ask("POST /upload", fields, body: bytes(4..<7))
            #expect(middle.status == 200 && middle.text == "")
            #expect(try await server.engine.upload(named: name, for: .everyone)?.state == .open)
            fields["X-Start-Byte"] = "7"
            let long = try await server.ask("POST /upload", fields, body: bytes(7..<11))
            #expect(long.status == 400 && long.reason == "More bytes than declared" && long.text == "7")
            let last = try await server.ask("POST /upload", fields, body: bytes(7..<10))
            #expect(last.status == 200 && last.text == "")
            let file = try await server.engine.upload(named: name, for: .everyone)
            #expect(file?.state == .complete && file?.length == .declared(10))
            #expect(try await server.ask("GET \(try #require(last["location"]))").body == bytes(0..<10))
        }
    }

    @Test(arguments: [(150, "200"), (50, "50")])
    func `starting over ends the old upload once the new one is further or whole`(
        length: Int, size: String
    ) async throws {
        try await TestServer.run { server async throws in
            let begin = ["X-File-Id": "a", "X-File-Size": "200"]
            let old = try await server.ask("POST /upload", begin, body: bytes(0..<100))
            let again = ["X-File-Id": "a", "X-File-Size": size]
            let new = try await server.ask("POST /upload", again, body: bytes(0..<length))
            #expect(new.status == 200 && new.text == (size == "\(length)" ? "Success \(length)" : ""))
            #expect(try await server.status("a") == "\(length)")
            let (oldPath, newPath) = (try #require(old["location"]), try #require(new["location"]))
            #expect(oldPath != newPath)
            #expect(try await server.ask("GET \(oldPath)").status == 410)
            #expect(try await server.ask("GET /v1\(oldPath)").status == 410)
            #expect(try await server.ask("GET /v1\(newPath)").body == bytes(0..<length))
        }
    }
}

@Suite struct `A finished file` {
    @Test(arguments: [nil, "10"])
    func `takes nothing that starts elsewhere than at its end`(size: String?) async throws {
        try await TestServer.run { server async throws in
            var fields = ["X-File-Id": "a"]
            fields["X-File-Size"] = size
            _ = try await server.ask("POST /upload", fields, body: bytes(0..<10))
            let before = try await server.holdings(of: ["a"])
            for start in ["1", "9", "11", "999999999999999"] {
                fields["X-Start-Byte"] = start
                for body: [UInt8] in [[], [1]] {
                    let answer = try await server.ask("POST /upload", fields, body: body)
                    #expect(answer.status == 400 && answer.reason == "Wrong start byte" && answer.text == "10")
                }
                let answer = try await server.chunked(fields, [[1]])
                #expect(answer.status == 400 && answer.reason == "Wrong start byte" && answer.text == "10")
            }
            #expect(try await server.holdings(of: ["a"]) == before)
        }
    }

    @Test(arguments: [nil, "10"])
    func `of declared length takes no byte more, however it is announced`(size: String?) async throws {
        try await TestServer.run { server async throws in
            let first = try await server.ask(
                "POST /upload", ["X-File-Id": "a", "X-File-Size": "10"], body: bytes(0..<10))
            let before = try await server.holdings(of: ["a"])
            var fields = ["X-File-Id": "a", "X-Start-Byte": "10"]
            fields["X-File-Size"] = size
            let plain = try await server.ask("POST /upload", fields, body: [1, 2, 3])
            #expect(plain.status == 400 && plain.reason == "More bytes than declared" && plain.text == "10")
            let chunked = try await server.chunked(fields, [[1, 2, 3]])
            #expect(chunked.status == 400 && chunked.reason == "More bytes than declared" && chunked.text == "10")
            #expect(try await server.chunked(fields, []).status == 200)
            fields["X-File-Size"] = "13"
            let longer = try await server.ask("POST /upload", fields, body: [1, 2, 3])
            #expect(longer.status == 400 && longer.reason == "Another length" && longer.text == "10")
            #expect(try await server.holdings(of: ["a"]) == before)
            #expect(try await server.ask("GET \(try #require(first["location"]))").body == bytes(0..<10))
        }
    }

    @Test func `of declared length is not held by a body that never comes`() async throws {
        try await TestServer.run { server async throws in
            _ = try await server.ask("POST /upload", ["X-File-Id": "a", "X-File-Size": "10"], body: bytes(0..<10))
            let silent = try await server.open()
            let fields = ["X-File-Id": "a", "X-Start-Byte": "10", "Expect": "100-continue"]
            try await silent.send(request("POST /upload", fields.merging(["Transfer-Encoding": "chunked"]) { $1 }))
            #expect(try await silent.read().status == 100)  // it holds the file
            #expect(try await server.status("a") == "10")  // while the other still holds its body back
            let told = try await silent.readFinal()
            #expect(told.status == 409 && told["connection"] == "close")
        }
    }
}
