import CairnContent
import CairnEngine
import CairnServer
import CairnTrust
import NIOConcurrencyHelpers
import RawHTTP
import Testing

/// A request, and the rights one of which it needs. `{id}` stands for a complete file of four chunks.
private struct Door: CustomTestStringConvertible, Sendable {
    let line: String
    let rights: Rights
    var fields: [String: String] = [:]
    var body: [UInt8]?

    var testDescription: String { line }
    func line(_ id: String) -> String { line.replacing("{id}", with: id) }

    private static let xStartByte = ["X-File-Id": "b", "Accept": "application/problem+json"]

    static let all: [Door] = [
        Door(line: "PUT /files/b.bin", rights: .put, body: [1]),
        Door(line: "POST /files", rights: .put, fields: ["Tus-Resumable": "1.0.0", "Upload-Length": "9"], body: []),
        Door(
            line: "POST /files", rights: .put, fields: ["Upload-Complete": "?1", "Upload-Draft-Interop-Version": "6"],
            body: [1]),
        Door(line: "POST /upload", rights: .put, fields: xStartByte, body: [1]),
        Door(line: "GET /status", rights: .put, fields: xStartByte),
        Door(line: "POST /v1/uploads", rights: .put, body: []),
        Door(line: "GET /files/{id}", rights: .get),
        Door(line: "GET /v1/files/{id}", rights: .get),
        Door(line: "GET /v1/files/{id}/proof?index=0", rights: .get),
        Door(line: "GET /v1/files/{id}/manifest", rights: [.put, .get]),
        Door(line: "GET /v1/uploads/{id}", rights: [.put, .get]),
        Door(line: "GET /v1/files", rights: .list),
        Door(line: "GET /v1/uploads", rights: .list),
        Door(line: "DELETE /v1/files/{id}", rights: .delete),
    ]

    /// Those that name something that is there.
    static let named =
        all.filter { $0.line.contains("{id}") } + [
            Door(line: "HEAD /files/{id}", rights: .get),
            Door(line: "PATCH /v1/uploads/{id}", rights: .put, fields: ["Upload-Offset": "0"], body: [1]),
            Door(line: "GET /v1/uploads/{id}/missing", rights: .put),
            Door(line: "POST /v1/uploads/{id}/complete", rights: .put, body: []),
            Door(line: "PUT /v1/uploads/{id}/chunks/\(String(repeating: "0", count: 64))", rights: .put, body: [1]),
        ]
}

@Suite struct `Who may what` {
    private static let each: [Rights] = [.put, .get, .list, .delete, .admin]

    @Test(arguments: Door.all)
    private func `a right opens its own doors and no other`(door: Door) async throws {
        try await GuardedServer.run { server async throws in
            let owner = try await server.make("owner", of: "ann", rights: .common)
            for rights in Self.each {
                let id = try await server.put(bytes(0..<200_000), as: owner)
                let token = try await server.make("t\(rights.rawValue)", of: "ann", rights: rights)
                let answer = try await server.ask(door.line(id), as: token, door.fields, body: door.body)
                if rights.isDisjoint(with: door.rights) {
                    #expect(answer.status == 403 && answer.problem == "forbidden", "\(rights.words): \(answer.status)")
                } else {
                    #expect((200..<300).contains(answer.status), "\(rights.words): \(answer.status) \(answer.text)")
                }
            }
        }
    }

    @Test func `without a token that counts there is one answer at every door, and nothing is kept`() async throws {
        try await GuardedServer.run { server async throws in
            let owner = try await server.make("owner")
            let id = try await server.put([1, 2, 3], as: owner)
            let wrong = String("\(owner)".dropLast()) + ("\(owner)".last == "0" ? "1" : "0")
            for credential in [nil, "x", wrong, "\(TokenText())"] as [String?] {
                for door in Door.all {
                    let answer = try await server.ask(door.line(id), as: credential, door.fields, body: door.body)
                    #expect(answer.status == 401 && answer["www-authenticate"] != nil, "\(door.line): \(answer.status)")
                }
            }
            #expect(try await server.ask("GET /health", as: String?.none).status == 200)
            #expect(try await server.ask("GET /v1/files", as: owner).text.matches(of: /"id"/).count == 1)
            #expect(try await server.ask("GET /v1/uploads", as: owner).text == #"{"uploads":[]}"#)
        }
    }

    @Test(arguments: ["another principal", "one who lacks the right, too", "another namespace", "the chief of another"])
    func `what is not yours is what is not there, but for the request's id`(who: String) async throws {
        let other = try #require(Namespace("other"))
        try await GuardedServer.run { server async throws in
            let owner = try await server.make("owner")
            let id = try await server.put(bytes(0..<200_000), as: owner)
            let stranger =
                switch who {
                case "another principal": try await server.make("bob")
                case "one who lacks the right, too": try await server.make("bob", rights: .list)
                case "another namespace": try await server.make("bob", of: "owner", in: other)
                default: try await server.make("chief", of: "owner", in: other, rights: .all)
                }
            for door in Door.named {
                let absent = String(repeating: "0", count: 32)
                let theirs = try await server.ask(door.line(id), as: stranger, door.fields, body: door.body)
                let none = try await server.ask(door.line(absent), as: stranger, door.fields, body: door.body)
                #expect(theirs.status == 404 && none.status == 404, "\(door.line): \(theirs.status), \(none.status)")
                #expect(Self.comparable(theirs) == Self.comparable(none), "\(door.line)")
            }
            #expect(try await server.ask("GET /files/\(id)", as: owner).body == bytes(0..<200_000))
        }
    }

    /// All of an answer but what differs from request to request: the time, the id, and whether the connection goes on,
    /// which is a question of whether the body was there already.
    private static func comparable(_ answer: RawResponse) -> [String] {
        let fields = answer.fields.map { "\($0.name.lowercased()): \($0.value)" }
            .filter { !$0.hasPrefix("date:") && !$0.hasPrefix("connection:") }
        return fields.sorted() + [answer.text.replacing(/"instance":"[^"]*"/, with: "")]
    }

    @Test func `an administrator has what is anybody's in the namespace, as far as the other rights go`() async throws {
        try await GuardedServer.run { server async throws in
            let owner = try await server.make("owner")
            let id = try await server.put([1, 2, 3], as: owner)
            let reader = try await server.make("reader", rights: [.get, .list, .admin])
            #expect(try await server.ask("GET /files/\(id)", as: reader).body == [1, 2, 3])
            #expect(try await server.ask("GET /v1/files", as: reader).text.contains(id))
            #expect(try await server.ask("DELETE /v1/files/\(id)", as: reader).status == 403)
            let chief = try await server.make("chief", rights: .all)
            #expect(try await server.ask("DELETE /v1/files/\(id)", as: chief).status == 204)
            let gone = try await server.ask("GET /files/\(id)", as: owner)
            #expect([404, 410].contains(gone.status), "\(gone.status)")
        }
    }

    @Test func `who one is, and what one may, is told to the one who asks`() async throws {
        try await GuardedServer.run { server async throws in
            #expect(try await !server.ask("GET /v1", as: String?.none).text.contains("caller"))
            let token = try await server.make(
                "ann-2", of: "ann", rights: [.put, .get], expires: GuardedServer.noon + 60)
            let text = try await server.ask("GET /v1", as: token).text
            #expect(
                text.contains(#""caller":{"principal":"ann","namespace":"default","rights":["put","get"],"#), "\(text)")
            let link = try server.link(token, length: 9)
            #expect(try await server.ask("GET /v1", as: link).text.contains(#""state":"unused"}}}"#))
            #expect(try await server.ask("PUT /files/a", as: link, body: [1]).status == 201)
            let after = try await server.ask("GET /v1?link=\(link)", as: String?.none).text
            #expect(after.contains(#""rights":["put"]"#) && after.contains(#""state":"complete"}}}"#), "\(after)")
            #expect(!after.contains("ann"), "the holder of a link is told whose it is")
        }
    }
}

@Suite struct `Namespaces` {
    @Test func `a name, a file and a chunk of one are nothing in another`() async throws {
        let namespaces = try ["a", "b"].map { try #require(Namespace($0)) }
        try await GuardedServer.run { server async throws in
            let tokens = [
                try await server.make("x", of: "same", in: namespaces[0], rights: .all),
                try await server.make("y", of: "same", in: namespaces[1], rights: .all),
            ]
            let file = CutFile(mask: 7)
            let first = try await server.put(file.content, as: tokens[0])
            // The digests are of another's chunks here: all are missing.
            let begun = try await server.ask("POST /v1/uploads", as: tokens[1], body: [])
            let id = try begun.json(as: NativeState.self).id
            let named = try await server.ask(
                "PATCH /v1/uploads/\(id)/manifest?index=0&end=200000", as: tokens[1],
                ["Content-Type": "application/vnd.cairn.digests"], body: file.digests.flatMap(\.bytes))
            #expect(try named.json(as: NativeSegment.self).missingIndices == [0, 1, 2, 3])
            let offer = Array(#"{"length":200000,"contentId":"\#(file.contentID)"}"#.utf8)
            #expect(try await server.ask("POST /v1/uploads", as: tokens[1], body: offer).status == 201)
            let found = "GET /v1/uploads?content-id=\(file.contentID)"
            #expect(try await server.ask(found, as: tokens[0]).status == 200)
            #expect(try await server.ask(found, as: tokens[1]).status == 404)
            #expect(try await server.ask("GET /v1/files", as: tokens[1]).text == #"{"files":[]}"#)
            // One X-File-Id in two namespaces is two uploads.
            for (token, byte) in zip(tokens, [1, 2] as [UInt8]) {
                let sent = try await server.ask("POST /upload", as: token, ["X-File-Id": "n"], body: [byte, byte])
                #expect(sent.status == 200)
            }
            #expect(try await server.ask("DELETE /v1/files/\(first)", as: tokens[1]).status == 404)
            #expect(try await server.ask("GET /files/\(first)", as: tokens[0]).body == file.content)
        }
    }

    @Test func `one whose engine cannot be made keeps out its own tokens and nobody else`() async throws {
        try await GuardedServer.run { server async throws in
            let ann = try await server.make("ann")
            await #expect(throws: GuardedServer.Broken.self) {
                _ = try await server.make("bob", in: GuardedServer.broken)
            }
            #expect(try await server.ask("GET /v1", as: ann).status == 200)
            #expect(server.gate.isClosed)
        }
    }
}
