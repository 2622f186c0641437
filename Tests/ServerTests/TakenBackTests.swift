import CairnEngine
import CairnServer
import CairnTrust
import NIOConcurrencyHelpers
import RawHTTP
import Testing

@Suite struct `A token that counts no more` {
    /// A connection in the middle of a body of 200,000 bytes, 100,000 of which are sent and the first chunk durable.
    private func half(_ server: GuardedServer, _ token: TokenText, of name: String) async throws -> RawConnection {
        let connection = try await RawConnection.open(server.port)
        let fields = GuardedServer.with(token, ["X-File-Id": "long", "X-File-Size": "200000"])
        try await connection.send(request("POST /upload", fields, length: 200_000))
        try await connection.send(bytes(0..<100_000))
        let key = UploadKey("long", of: Principal(name))
        let isThere = try await server.soon {
            guard let id = try await server.ledger.generations(of: key)?.current else { return false }
            return try await server.ledger.upload(id)?.offset ?? 0 >= 65_536
        }
        try #require(isThere)
        return connection
    }

    @Test func `ends its request in the middle; what came is kept, and the next of its principal goes on`() async throws
    {
        try await GuardedServer.run { server async throws in
            let first = try await server.make("first", of: "dora")
            let connection = try await half(server, first, of: "dora")
            try await server.revoke("first")
            connection.push(bytes(100_000..<100_100))
            // Whoever reads too late finds the connection closed.
            do { #expect(try await connection.readFinal().status == 401) } catch RawError.ended {}
            try await connection.close()
            #expect(try await server.ask("GET /status", as: first, ["X-File-Id": "long"]).status == 401)

            let stranger = try await server.make("stranger")
            #expect(try await server.ask("GET /status", as: stranger, ["X-File-Id": "long"]).text == "0")
            let next = try await server.make("next", of: "dora")
            let answer = try await server.ask("GET /status", as: next, ["X-File-Id": "long"])
            let offset = try #require(Int(answer.text))
            #expect((65_536...100_100).contains(offset))
            let fields = ["X-File-Id": "long", "X-File-Size": "200000", "X-Start-Byte": "\(offset)"]
            let sent = try await server.ask("POST /upload", as: next, fields, body: bytes(offset..<200_000))
            #expect(sent.status == 200)
            let files = try await server.ask("GET /v1/files", as: next).text
            let id = try #require(files.firstMatch(of: /"id":"([0-9a-f]{32})"/)?.1)
            #expect(try await server.ask("GET /files/\(id)", as: next).body == bytes(0..<200_000))
        }
    }

    @Test func `takes along what was signed with it, and another token's requests go on`() async throws {
        try await GuardedServer.run { server async throws in
            let signer = try await server.make("signer")
            let link = try server.link(signer, length: 10)
            let dora = try await server.make("dora")
            let connection = try await half(server, dora, of: "dora")
            try await server.revoke("signer")
            #expect(try await server.ask("PUT /files/a", as: link, body: [1]).status == 401)
            try await connection.send(bytes(100_000..<200_000))
            #expect(try await connection.readFinal().status == 200)
            try await connection.close()
        }
    }

    @Test func `counts until its last second and not in the next`() async throws {
        try await GuardedServer.run { server async throws in
            let token = try await server.make("short", expires: GuardedServer.noon + 10)
            server.clock.withLockedValue { $0 = GuardedServer.noon + 9 }
            #expect(try await server.ask("GET /v1", as: token).status == 200)
            server.clock.withLockedValue { $0 = GuardedServer.noon + 10 }
            #expect(try await server.ask("GET /v1", as: token).status == 401)
        }
    }

    @Test func `leaves the door closed, also when it was the last and its file is gone`() async throws {
        try await GuardedServer.run { server async throws in
            #expect(try await server.ask("GET /v1", as: String?.none).status == 200)
            let token = try await server.make("only")
            #expect(try await server.ask("GET /v1", as: String?.none).status == 401)
            try await server.revoke("only")
            try await server.gate.update(nil)
            #expect(try await server.ask("GET /v1", as: String?.none).status == 401)
            #expect(try await server.ask("GET /v1", as: token).status == 401)
        }
    }
}

@Suite struct `The file of tokens` {
    private enum Content: Sendable {
        case says([UInt8]?)
        case unreadable
    }

    private struct Unreadable: Error {}

    @Test func `that is damaged or cannot be read changes nothing and is told; one that is gone leaves nobody`()
        async throws
    {
        let (text, token) = try GuardedServer.token("ann")
        let good = try #require(TokenTable([token])).json
        let content = NIOLockedValueBox(Content.says(good))
        let read: @Sendable () async throws -> [UInt8]? = {
            switch content.withLockedValue({ $0 }) {
            case .says(let bytes): bytes
            case .unreadable: throw Unreadable()
            }
        }
        try await GuardedServer.run(tokens: read) { server async throws in
            let status: @Sendable () async throws -> Int = { try await server.ask("GET /v1", as: text).status }
            let complaints: @Sendable () -> Int = { server.log.lines.count { $0.contains("tokens not read") } }
            #expect(try await server.soon { try await status() == 200 && server.gate.isClosed })
            let troubles: [Content] = [.says(Array(good.dropLast(20))), .unreadable, .says([]), .says([0xFF])]
            for (number, bad) in troubles.enumerated() {
                content.withLockedValue { $0 = bad }
                #expect(try await server.soon { complaints() == number + 1 })
                #expect(try await status() == 200)
                #expect(try await server.ask("GET /v1", as: String?.none).status == 401)
            }
            #expect(!server.log.lines.contains { $0.contains(text.description.suffix(64)) })
            content.withLockedValue { $0 = .says(nil) }
            #expect(try await server.soon { try await status() == 401 })
            #expect(try await server.ask("GET /v1", as: String?.none).status == 401)
            content.withLockedValue { $0 = .says(good) }
            #expect(try await server.soon { try await status() == 200 })
        }
    }
}

@Suite struct `What one may bring` {
    @Test func `by a link is one file: at every door the second is refused, and of many at once one is taken`()
        async throws
    {
        let doors: [(line: String, fields: [String: String])] = [
            ("PUT /files/b", [:]), ("POST /upload", ["X-File-Id": "b"]),
            ("POST /files", ["Upload-Complete": "?1", "Upload-Draft-Interop-Version": "6"]),
        ]
        try await GuardedServer.run { server async throws in
            let token = try await server.make("signer")
            for (number, first) in doors.enumerated() {
                let link = try server.link(token, length: 100, nonce: "n\(number)")
                let taken = try await server.ask(first.line, as: link, first.fields, body: [1, 2])
                #expect((200...201).contains(taken.status), "\(first.line): \(taken.text)")
                for (line, fields) in doors where line != "POST /upload" {
                    let second = try await server.ask(line, as: link, fields, body: [3])
                    #expect(second.status == 409, "\(line) after \(first.line): \(second.status)")
                }
                #expect(try await server.ask("GET /v1/files", as: link).status == 403)
            }
            let link = try server.link(token, length: 100, nonce: "many")
            let taken = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        try await server.ask("PUT /files/\(number)", as: link, body: [UInt8(number)]).status
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 == 201 ? 1 : 0 }
            }
            #expect(taken == 1)
            let listed = try await server.ask("GET /v1/files", as: token).text
            #expect(listed.matches(of: /"contentId"/).count == doors.count + 1)
        }
    }

    @Test func `by a link is no more than it says, and no other type`() async throws {
        try await GuardedServer.run { server async throws in
            let token = try await server.make("signer")
            let link = try server.link(token, length: 1000, types: ["image/*"])
            let image = ["Content-Type": "image/png"]
            let over = try await server.ask("PUT /files/a", as: link, image, body: bytes(0..<1001))
            #expect(over.status == 413 && over.text.contains(#""maximum":1000"#))
            for length in [1001, .max] {
                #expect(try await server.ask("PUT /files/a", as: link, image, promising: length).status == 413)
            }
            // Of a body that tells no length the bytes are counted.
            let connection = try await RawConnection.open(server.port)
            let fields = GuardedServer.with(link, image.merging(["Transfer-Encoding": "chunked"]) { $1 })
            try await connection.send(request("PUT /files/a", fields))
            try await connection.send(wire("3e9\n") + bytes(0..<1001) + wire("\n0\n\n"))
            let counted = try await connection.readFinal()
            #expect(counted.status == 413 && counted.text.contains(#""maximum":1000"#))
            try await connection.close()
            let other = try await server.ask("PUT /files/a", as: link, ["Content-Type": "text/plain"], body: [1])
            #expect(other.status == 415)
            #expect(try await server.ask("GET /v1/files", as: token).text == #"{"files":[]}"#)
            #expect(try await server.ask("PUT /files/a", as: link, image, body: bytes(0..<1000)).status == 201)
        }
    }

    @Test func `has at most the length its principal may have, and what is removed is given back`() async throws {
        try await GuardedServer.run { server async throws in
            let token = try await server.make("ann", Allowance(length: 1000))
            let id = try await server.put(bytes(0..<600), as: token)
            let fits = try await server.ask("PUT /files/b", as: token, body: bytes(0..<400))
            #expect(fits.status == 201)
            for length in [1, 1 << 40] {
                let over = try await server.ask("PUT /files/c", as: token, promising: length)
                #expect(over.status == 413 && over.problem == "quota", "\(length): \(over.text)")
                #expect(over.text.contains(#""maximum":1000"#) && over.text.contains(#""used":1000"#))
            }
            #expect(try await server.ask("DELETE /v1/files/\(id)", as: token).status == 204)
            #expect(try await server.ask("PUT /files/c", as: token, body: bytes(0..<601)).status == 413)
            #expect(try await server.ask("PUT /files/c", as: token, body: bytes(0..<600)).status == 201)
        }
    }

    @Test func `has at most so many open uploads as its principal may have, over all its tokens`() async throws {
        try await GuardedServer.run { server async throws in
            let tokens = [
                try await server.make("one", of: "ann", Allowance(uploads: 2)),
                try await server.make("two", of: "ann", Allowance(uploads: 2)),
            ]
            var last = ""
            for number in 0..<2 {
                let begun = try await server.ask("POST /v1/uploads", as: tokens[number], body: [])
                #expect(begun.status == 201)
                last = try begun.json(as: NativeState.self).id
            }
            for token in tokens {
                let over = try await server.ask("POST /v1/uploads", as: token, body: [])
                #expect(over.status == 429 && over.problem == "quota" && over.text.contains(#""maximum":2"#))
            }
            #expect(try await server.ask("DELETE /v1/uploads/\(last)", as: tokens[0]).status == 204)
            #expect(try await server.ask("POST /v1/uploads", as: tokens[1], body: []).status == 201)
        }
    }
}
