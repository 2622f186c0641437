import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import Testing

@Suite struct `What a native request asks for` {
    @Test func `the reading half`() throws {
        #expect(try command(.get, "/v1") == .capabilities)
        #expect(try command(.head, "/health") == .health)
        #expect(try command(.get, "/v1/files") == .list(.complete, after: nil, limit: 1000))
        #expect(try command(.get, "/v1/uploads") == .list(.open, after: nil, limit: 1000))
        #expect(try command(.get, "/v1/files?limit=5&after=\(someID)") == .list(.complete, after: someID, limit: 5))
        #expect(try command(.get, "/v1/files?limit=999999") == .list(.complete, after: nil, limit: 1000))
        #expect(try command(.get, "/v1" + file) == .read(someID))
        #expect(try command(.get, "/v1/uploads/\(someID)") == .look(.id(someID)))
        #expect(try command(.delete, "/v1/uploads/\(someID)") == .cancel(someID))
        #expect(try command(.delete, "/v1" + file) == .cancel(someID))
        #expect(try command(.get, "/v1" + file + "/manifest") == .manifest(someID))
        #expect(try command(.get, "/v1/uploads/\(someID)/manifest") == .manifest(someID))
    }

    @Test func `a client's own name is decoded`() throws {
        #expect(try command(.get, "/v1/uploads?file-id=%D1%84-1-2") == .native(.find(name: "ф-1-2", nil)))
        #expect(try command(.get, "/v1/uploads?file-id=a+b") == .native(.find(name: "a+b", nil)))
    }

    @Test(arguments: [
        "limit=0", "limit=-1", "limit=x", "limit=", "limit=1.5", "after=x", "after=", "after=%00", "limit=1&limit=2",
        "after=0123456789ABCDEF0123456789abcdef", "limit=1234567890123456",
    ])
    func `a malformed page is refused`(query: String) { #expect(refusal(.get, "/v1/files?" + query) == .query) }

    @Test(arguments: ["", "%00", "%", "%FF", String(repeating: "a", count: 1025), "a&file-id=b"])
    func `a malformed name is refused`(name: String) {
        #expect(refusal(.get, "/v1/uploads?file-id=" + name) == .query)
    }

    @Test(arguments: [
        "/v1/", "/v1/x", "/v1//files", "/v1/files//manifest/", "/v2", "/", "/nothing", "/statusx", "/status/",
        "/upload/x",
        "/health/x", "/v1/files/\(someID)/x", "/v1/files/\(someID)/manifest/x", "//files", "/Files",
    ])
    func `nothing is served elsewhere`(path: String) { #expect(refusal(.get, path) == .unknownPath) }

    @Test(arguments: ["", "x", "../etc", "%2e%2e"])
    func `what is no id is refused`(id: String) {
        #expect(refusal(.get, "/v1/uploads/\(id)") == (id.contains("/") ? .unknownPath : .path))
    }

    @Test func `methods that a path does not know`() {
        #expect(refusal(.post, "/v1/files") == .method([.get, .head]))
        #expect(refusal(.put, "/v1" + file) == .method([.get, .head, .delete]))
        #expect(refusal(.delete, "/v1" + file + "/manifest") == .method([.get, .head]))
        #expect(refusal(.post, "/health") == .method([.get, .head]))
    }

    @Test(arguments: ["files", "*", "http://x/files", "/fi les", "/ü", "/a\u{0}b"])
    func `what is no path of visible ASCII is refused`(path: String) { #expect(refusal(.get, path) == .path) }
}

@Suite struct `How the native dialect answers` {
    private func answer(_ outcome: Outcome, _ fields: [String: String] = [:]) throws -> Answer {
        Native.answer(to: outcome, for: try head(.get, "/v1", fields))
    }

    @Test func `an upload's state`() throws {
        let answer = try answer(.upload(upload(1, name: "a\"<\n>", declared: 9)))
        #expect(answer.head.status == .ok && answer["Upload-Prefix"]?.hasSuffix(";offset=1;chunk-size=65536") == true)
        let expected = """
            {"id":"\(someID)","state":"open","offset":1,"length":9,\
            "prefix":"2ecb71b4a818abce047fb0f77cc52193e4cd52d13a61d95ec0e1ddce89302d52","chunkSize":65536,\
            "entries":1,"contentId":null,"name":"a\\"\\u003c\\u000a>",\
            "type":null,"created":"2023-11-14T22:13:20Z","expires":null,"url":"\(file)"}
            """
        #expect(answer.text == expected)
    }

    @Test func `a list of files, and what comes next`() throws {
        let whole = upload(1, .complete)
        let answer = try answer(.uploads([whole], state: .complete, hasMore: true))
        let row = """
            {"id":"\(someID)","name":null,"type":null,"length":1,"contentId":"\(whole.contentID!)",\
            "created":"2023-11-14T22:13:20Z","url":"\(file)"}
            """
        #expect(answer.text == "{\"files\":[\(row)],\"next\":\"\(someID)\"}")
        #expect(try self.answer(.uploads([], state: .open, hasMore: false)).text == "{\"uploads\":[]}")
    }

    @Test func `a manifest in bytes, or in JSON for those who ask`() throws {
        let upload = upload(200_000, .complete)
        let entries = stride(from: 0, to: 200_000, by: 65_536).map { start in
            let chunk = bytes(start..<min(start + 65_536, 200_000))
            return Entry(digest: Digest(hashing: chunk.span), length: chunk.count)
        }
        let manifest = try Manifest(chunkSize: upload.chunkSize, entries: entries)
        let binary = try answer(.manifest(manifest, of: upload))
        #expect(binary["Content-Type"] == "application/vnd.cairn.manifest" && binary.body == [.bytes(manifest.bytes)])
        let json = try answer(.manifest(manifest, of: upload), ["Accept": "application/json"])
        #expect(json["Content-Type"] == "application/json" && json.body == [.bytes(manifest.json)])
    }

    @Test func `health`() throws {
        #expect(try answer(.health(isWritable: true)).text == "{\"status\":\"ok\"}")
        let sick = try answer(.health(isWritable: false))
        #expect(sick.text == "{\"status\":\"read-only\"}" && sick.head.status == .serviceUnavailable)
    }

    @Test func `capabilities name what is served and the limits`() throws {
        let text = try answer(.capabilities(Limits(), .standard, .trust)).text
        #expect(text.contains("\"chunkSize\":4194304") && text.contains("\"length\":999999999999999"))
        #expect(text.contains("x-start-byte"))
        #expect(!text.contains("caller"))
    }

    @Test func `who the caller is stands in the capabilities where that is asked`() throws {
        let end = Timestamp(seconds: 1_800_000_000)
        let holder = Identity(principal: "shop", namespace: .standard, rights: ["put", "get"], expires: end)
        let known = try answer(.capabilities(Limits(), .standard, .prove, to: holder))
        #expect(
            known.text.hasSuffix(
                #""caller":{"principal":"shop","namespace":"default","rights":["put","get"],"#
                    + #""expires":"2027-01-15T08:00:00Z","link":null}}"#))
        #expect(known["Cache-Control"] == "no-store")
        let link = Identity.Link(length: 9, types: ["image/*"], state: .open)
        let guest = Identity(principal: nil, namespace: nil, rights: ["put"], expires: nil, link: link)
        #expect(
            try answer(.capabilities(Limits(), .standard, .prove, to: guest)).text.hasSuffix(
                #""caller":{"principal":null,"namespace":null,"rights":["put"],"expires":null,"#
                    + #""link":{"length":9,"types":["image/*"],"state":"open"}}}"#))
    }
}
