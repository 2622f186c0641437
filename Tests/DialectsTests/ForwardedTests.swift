import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import Testing

@Suite struct `Where clients reach a server behind a proxy` {
    private func location(_ fields: [String: String], isTrusted: Bool) throws -> String? {
        var request = HTTPRequest(method: .post, scheme: "http", authority: "inside:8080", path: "/files")
        for (name, value) in fields { request.headerFields[try #require(HTTPField.Name(name))] = value }
        request.headerFields[try #require(HTTPField.Name("Tus-Resumable"))] = "1.0.0"
        let head = try RequestHead(request, id: "req", in: Setting(isForwarded: isTrusted))
        return Tus.answer(to: .begun(upload(0), nil), for: head)["Location"]
    }

    @Test(
        arguments: [
            (["Forwarded": "for=1.2.3.4;proto=https;host=a.example"], "https://a.example"),
            (["Forwarded": "host=\"a.example:8443\";proto=HTTPS, host=b.example"], "https://a.example:8443"),
            (["X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example"], "https://a.example"),
            (["X-Forwarded-Proto": "https, http", "X-Forwarded-Host": "a.example, b"], "https://a.example"),
            (["X-Forwarded-Proto": "https"], "https://inside:8080"),
            (["X-Forwarded-Proto": "javascript"], "http://inside:8080"), ([:], "http://inside:8080"),
        ] as [([String: String], String)])
    func `is what a trusted proxy says`(fields: [String: String], origin: String) throws {
        #expect(try location(fields, isTrusted: true) == "\(origin)/files/\(someID)")
    }

    @Test func `is not what anyone else says`() throws {
        let fields = ["Forwarded": "proto=https;host=evil.example", "X-Forwarded-Host": "evil.example"]
        #expect(try location(fields, isTrusted: false) == "http://inside:8080/files/\(someID)")
    }

    @Test(arguments: ["a b", "a/b", "", "a<b"]) func `is never what is no host`(host: String) throws {
        let location = try location(["X-Forwarded-Host": host], isTrusted: true)
        #expect(location == "/files/\(someID)")
    }
}
