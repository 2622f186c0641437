import CairnEngine
import RawHTTP
import Testing

/// What browsers do by themselves: one click, two requests.
@Suite struct `Two bodies for one file at once` {
    private let file = bytes(0..<200_000)

    /// A connection whose request holds the upload `a`, with the first half of `body` sent.
    private func half(_ server: TestServer, at start: Int, of body: [UInt8]) async throws -> RawConnection {
        let connection = try await server.open()
        let fields = ["X-File-Id": "a", "X-Start-Byte": "\(start)", "Expect": "100-continue"]
        try await connection.send(request("POST /upload", fields, length: body.count))
        #expect(try await connection.read().status == 100)
        try await connection.send(Array(body[..<(body.count / 2)]))
        return connection
    }

    @Test(arguments: [0, 1])
    func `from its beginning: the newer one brings it, and the older one is told`(shift: Int) async throws {
        let body = bytes(shift..<(shift + 100))
        try await TestServer.run { server async throws in
            let older = try await half(server, at: 0, of: bytes(0..<100))
            try await server.wait(for: "a", toReach: 50)
            let newer = try await half(server, at: 0, of: body)
            older.push(bytes(50..<100))
            newer.push(Array(body[50...]))
            let answer = try await newer.readFinal()
            #expect(answer.status == 200)
            #expect(try await older.readFinal().status == 409)
            #expect(try await server.status("a") == "100")
            #expect(try await server.ask("GET \(try #require(answer["location"]))").body == body)
        }
    }

    @Test func `from one start: the newer one is told where the older one was cut`() async throws {
        try await TestServer.run { server async throws in
            let begin = ["X-File-Id": "a", "X-File-Size": "300"]
            _ = try await server.ask("POST /upload", begin, body: bytes(0..<100))
            let older = try await half(server, at: 100, of: bytes(100..<300))
            try await server.wait(for: "a", toReach: 200)
            var fields = ["X-File-Id": "a", "X-Start-Byte": "100"]
            let newer = try await server.ask("POST /upload", fields, body: bytes(100..<300))
            #expect(newer.status == 400 && newer.reason == "Wrong start byte" && newer.text == "200")
            #expect(try await older.readFinal().status == 409)
            #expect(try await server.status("a") == "200")
            fields["X-Start-Byte"] = "200"
            let last = try await server.ask("POST /upload", fields, body: bytes(200..<300))
            #expect(last.status == 200)
            #expect(try await server.ask("GET \(try #require(last["location"]))").body == bytes(0..<300))
        }
    }

    @Test(arguments: [0, 100_000])
    func `one of them long under way: the newer one takes over`(start: Int) async throws {
        try await TestServer.run { server async throws in
            let older = try await server.halfAnUpload("a")
            try await server.wait(for: "a", toReach: 100_000)
            let fields = ["X-File-Id": "a", "X-Start-Byte": "\(start)"]
            let answer = try await server.ask("POST /upload", fields, body: Array(file[start...]))
            #expect(answer.status == 200)
            let told = try await older.readFinal()
            #expect(told.status == 409 && told.reason == "Taken over" && told["connection"] == "close")
            #expect(try await server.status("a") == "200000")
            let download = try await server.ask("GET \(try #require(answer["location"]))")
            #expect(download.body == file)
        }
    }

    @Test(arguments: [0, 100]) func `whichever is first, every byte counts once`(start: Int) async throws {
        let allowed: [Int?] = [nil, 200, 400, 409]
        try await TestServer.run { server async throws in
            for round in 0..<10 {
                let id = "round \(round)"
                if start > 0 {
                    let begin = ["X-File-Id": id, "X-File-Size": "300"]
                    _ = try await server.ask("POST /upload", begin, body: bytes(0..<start))
                }
                let statuses = try await race(server, id, from: start)
                #expect(statuses.allSatisfy { allowed.contains($0) }, "\(statuses)")
                #expect(start > 0 || statuses.contains(200), "\(statuses)")
                let offset = try #require(Int(try await server.status(id)))
                try #require(offset <= 300)
                let fields = ["X-File-Id": id, "X-Start-Byte": "\(offset)"]
                let answer = try await server.ask("POST /upload", fields, body: bytes(offset..<300))
                #expect(answer.status == 200)
                #expect(try await server.ask("GET \(try #require(answer["location"]))").body == bytes(0..<300))
            }
        }
    }

    /// Two bodies from `start` to 300, their heads and halves in turn; each one's status, nil for one that was cut.
    private func race(_ server: TestServer, _ id: String, from start: Int) async throws -> [Int?] {
        let body = bytes(start..<300)
        let middle = body.count / 2
        let head = request("POST /upload", ["X-File-Id": id, "X-Start-Byte": "\(start)"], length: body.count)
        let connections = [try await server.open(), try await server.open()]
        for part in [wire(head), Array(body[..<middle]), Array(body[middle...])] {
            for connection in connections { connection.push(part) }
        }
        var statuses: [Int?] = []
        for connection in connections {
            // A connection that was cut tells nothing.
            statuses.append(try? await connection.readFinal().status)
            try await connection.close()
        }
        return statuses
    }
}
