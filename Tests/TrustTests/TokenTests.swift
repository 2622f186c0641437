import CairnContent
import CairnEngine
import CairnTrust
import Testing

@Suite struct `Tokens` {
    private let moment = Timestamp(seconds: 1_000_000)

    private func token(
        _ text: TokenText, name: String = "laptop", principal: String = "ann", namespace: Namespace = .standard,
        rights: Rights = [.put, .get], expires: Timestamp? = nil
    ) -> Token? {
        Token(
            id: text.id, name: name, principal: principal, namespace: namespace, rights: rights, created: moment,
            expires: expires, digest: text.digest)
    }

    @Test func `a token is known by its text and by nothing else`() throws {
        let text = TokenText()
        let known = try #require(token(text))
        let table = try #require(TokenTable([known]))
        #expect(table.token(of: text.description, at: moment) == known)
        let other = TokenText().description
        let mixed = "cairn_\(text.id)_\(other.suffix(64))"
        for wrong in ["", "cairn_", other, mixed, text.description + "0", text.description.uppercased(), text.id] {
            #expect(table.token(of: wrong, at: moment) == nil, "\(wrong)")
        }
    }

    @Test func `two tokens are never alike`() {
        #expect(Set((0..<1000).map { _ in TokenText().description }).count == 1000)
    }

    @Test func `a token counts until its last second and not after`() throws {
        let text = TokenText()
        let table = try #require(TokenTable([token(text, expires: moment)].compactMap(\.self)))
        #expect(table.token(of: text.description, at: Timestamp(seconds: 999_999)) != nil)
        #expect(table.token(of: text.description, at: moment) == nil)
    }

    @Test func `the file holds no secret, and what it says comes back`() throws {
        let text = TokenText()
        let acme = try #require(Namespace("acme"))
        let known = try #require(
            Token(
                id: text.id, name: "backend", principal: "shop", namespace: acme,
                rights: [.put, .list], allowance: Allowance(length: 5, uploads: 2, rate: 65_536), created: moment,
                expires: Timestamp(seconds: 2_000_000), digest: text.digest, linkKey: LinkKey(of: text)))
        let table = try #require(TokenTable([known]))
        let json = table.json
        #expect(try TokenTable(json: json) == table)
        #expect(!String(decoding: json, as: UTF8.self).contains(text.description.suffix(64)))
    }

    @Test(arguments: [
        "", "{}", "[]", "{\"version\":2,\"tokens\":[]}", "{\"version\":1}",
        "{\"version\":1,\"tokens\":[{\"id\":\"x\"}]}",
    ]) func `a file that says anything else is refused as a whole`(text: String) {
        #expect(throws: TokenFileError.self) { try TokenTable(json: Array(text.utf8)) }
    }

    @Test func `what cannot be is no token`() throws {
        let text = TokenText()
        for name in ["", "a b", "a/b", "a\n", "ä", String(repeating: "a", count: 65)] {
            #expect(token(text, name: name) == nil && token(text, principal: name) == nil, "\(name)")
        }
        #expect(token(text, rights: []) == nil)
        let known = try #require(token(text))
        #expect(TokenTable([known, known]) == nil)
        let namesake = try #require(token(TokenText()))
        #expect(TokenTable([known, namesake]) == nil)
    }

    @Test func `owners of different namespaces have different names`() throws {
        let acme = try #require(Namespace("acme"))
        let owners = [
            token(TokenText(), principal: "ann"), token(TokenText(), principal: "ann", namespace: acme),
            token(TokenText(), principal: "acme"),
        ].compactMap { $0?.owner.description }
        #expect(Set(owners).count == 3)
        #expect(owners[0] == "ann")
    }

    @Test func `a right has one word`() {
        #expect(Rights(words: ["put", "get", "list", "delete", "admin"]) == .all)
        #expect(Rights(words: ["put", "everything"]) == nil)
        #expect(Rights.all.words == ["put", "get", "list", "delete", "admin"])
    }
}
