import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import Testing

@Suite struct `What a plain request asks for` {
    @Test func `PUT makes a file of the body under the path's last piece`() throws {
        let append = Append(
            at: 0, bodyLength: 5, ending: .whole, metadata: Metadata(name: "a b/ü.txt", type: "text/plain"))
        let fields = ["Content-Length": "5", "Content-Type": "text/plain"]
        #expect(try command(.put, "/files/a%20b%2F%C3%BC.txt", fields) == .create(append))
    }

    @Test func `PUT takes the path for a name even when it looks like an id`() throws {
        #expect(
            try command(.put, file) == .create(Append(at: 0, ending: .whole, metadata: Metadata(name: "\(someID)"))))
    }

    @Test(arguments: ["/files", "/files/", "/files?x=1"])
    func `POST makes a file of the body`(path: String) throws {
        let fields = ["Content-Disposition": "attachment; filename=\"x.bin\""]
        #expect(
            try command(.post, path, fields)
                == .create(Append(at: 0, ending: .whole, metadata: Metadata(name: "x.bin"))))
    }

    @Test func `what curl calls every body says nothing of its type`() throws {
        let fields = ["Content-Type": "application/x-www-form-urlencoded"]
        #expect(try command(.post, "/files", fields) == .create(Append(at: 0, ending: .whole)))
    }

    @Test func `GET and HEAD fetch, DELETE cancels`() throws {
        #expect(try command(.get, file) == .fetch(someID))
        #expect(try command(.head, file) == .fetch(someID))
        #expect(try command(.delete, file) == .cancel(someID))
        #expect(try command(.options, "/files") == .options)
    }

    @Test func `an override turns POST into DELETE, and nothing into HEAD`() throws {
        #expect(try command(.post, file, ["X-HTTP-Method-Override": "delete"]) == .cancel(someID))
        let name = HTTPField.Name("X-HTTP-Method-Override")!
        #expect(refusal(.post, file, ["X-HTTP-Method-Override": "HEAD"]) == .header(name))
        #expect(refusal(.get, file, ["X-HTTP-Method-Override": "DELETE"]) == .header(name))
    }
}

@Suite struct `How plain requests are refused` {
    @Test(arguments: [
        "..", ".", "%2e%2e", "0123", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg",
        "0123456789abcdef0123456789abcdef0", "%00", "a%2Fb", "0123456789abcdef0123456789abcde%66", "%zz",
        String(repeating: "a", count: 65_536),
    ])
    func `what is no id is refused before anything looks for it`(id: String) {
        for method in [HTTPRequest.Method.get, .head, .delete] { #expect(refusal(method, "/files/\(id)") == .path) }
    }

    @Test(arguments: ["%00", "a%0Ab", "%", "%4", "%FF", ".", "..", "%2e", "%7F", "%C2%85"])
    func `what is no name is refused`(name: String) { #expect(refusal(.put, "/files/\(name)") == .path) }

    @Test func `methods that a path does not know`() {
        #expect(refusal(.get, "/files") == .method([.post, .options]))
        #expect(refusal(.post, file) == .method([.get, .head, .put, .patch, .delete, .options]))
    }

    @Test func `more pieces than a path has`() {
        #expect(refusal(.get, file + "/x") == .unknownPath)
        #expect(refusal(.put, "/files/a/b") == .unknownPath)
    }

    @Test func `a length no file has`() {
        let fields = ["Content-Length": "1000000000000000"]
        #expect(refusal(.put, "/files/a", fields) == .length(limit: 999_999_999_999_999))
    }
}

@Suite struct `How plain requests are answered` {
    private func answer(_ outcome: Outcome) throws -> Answer { Plain.answer(to: outcome, for: try head(.get, file)) }

    @Test func `a file that was made has an address, a tag and a proof`() throws {
        let upload = upload(200_000, .complete)
        let answer = try answer(.created(upload))
        #expect(answer.head.status == .created && answer["Location"] == file && answer.text == file + "\n")
        #expect(answer["ETag"] == "\"4816a93270c730abf10c3eeb7453351e66da814f3f82d8e9874383c861bf56d4\"")
        #expect(answer["Upload-Prefix"]?.hasPrefix(":SBapMnDHMKvxDD7rdFM1HmbagU8/gtjph0ODyGG/VtQ=:") == true)
    }

    @Test func `refusals are problems`() throws {
        let answer = try answer(.refused(.unknownUpload))
        #expect(answer.head.status == .notFound && answer["Content-Type"] == "application/problem+json")
        #expect(answer.text.contains("\"instance\":\"req-1\""))
        #expect(try self.answer(.refused(.gone)).head.status == .gone)
    }
}
