import CairnClient
import CairnEngine
import Testing

@Suite struct `The address of a server` {
    @Test(arguments: [
        ("http://localhost:8080", "http://localhost:8080"), ("https://a.example/cairn/", "https://a.example/cairn"),
        ("localhost:8080", "http://localhost:8080"), ("a.example/x", "http://a.example/x"),
        ("http://[::1]:80", "http://[::1]:80"), ("HTTP://a.example", "HTTP://a.example"),
    ])
    func `a scheme, a host, a port and a path`(text: String, address: String) {
        #expect(ServerAddress(text)?.description == address)
    }

    @Test(arguments: [
        "", "ftp://a.example", "http://", "http://a.example/?x=1", "http://a.example/#x", "http://u:p@a.example",
        "http://a.example:0", "http://a.example:65536", "http://a.example:99999",
    ])
    func `nothing else`(text: String) {
        #expect(ServerAddress(text) == nil)
    }
}

@Suite struct `The address of a file` {
    private static let id = "0123456789abcdef0123456789abcdef"

    @Test(arguments: [
        ("http://a.example/files/\(id)", "http://a.example"), ("http://a.example/v1/files/\(id)", "http://a.example"),
        ("http://a.example/cairn/files/\(id)", "http://a.example/cairn"), ("a.example/files/\(id)", "http://a.example"),
    ])
    func `is the server's and the id`(text: String, server: String) throws {
        let address = try #require(FileAddress(text))
        #expect(address.server.description == server && "\(address.id)" == Self.id)
        #expect(address.description == "\(server)/files/\(Self.id)")
    }

    @Test(arguments: [
        "", id, "/files/\(id)", "http://a.example/\(id)", "http://a.example/files/", "http://a.example/files/x",
    ])
    func `is nothing else`(text: String) {
        #expect(FileAddress(text) == nil)
    }
}

@Suite struct `The key of a file` {
    @Test func `is what the browser's page makes it`() {
        #expect("\(FileKey(name: "a.bin", length: 5, modified: 1_700_000_000_123))" == "a.bin-5-1700000000123")
    }

    @Test func `holds names in any script, and slashes`() {
        #expect("\(FileKey(name: "é/文 .bin", length: 0, modified: 0))" == "%C3%A9/%E6%96%87%20.bin-0-0")
    }

    @Test(arguments: [10, 300, 1000, 5000])
    func `fits into the field`(count: Int) {
        let key = "\(FileKey(name: String(repeating: "文", count: count), length: .max, modified: .max))"
        #expect(key.utf8.count <= 1024)
    }

    @Test func `tells long names apart`() {
        let long = String(repeating: "x", count: 2000)
        #expect(FileKey(name: long + "1", length: 0, modified: 0) != FileKey(name: long + "2", length: 0, modified: 0))
    }

    @Test func `of a stream is new every time`() {
        var generator = SystemRandomNumberGenerator()
        let keys = (0..<100).map { _ in FileKey(using: &generator) }
        #expect(Set(keys).count == 100 && keys.allSatisfy { "\($0)".count == "\(keys[0])".count })
    }
}
