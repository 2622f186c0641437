import RawHTTP
import Testing

@Suite struct `Lists of files with long names` {
    @Test func `come in pages of bearable length, and together are whole`() async throws {
        let names = (0..<100).map { "f\($0)-" + String(repeating: "n", count: 2048) }
        try await TestServer.run { server async throws in
            for name in names { #expect(try await server.ask("PUT /files/\(name)", body: [1]).status == 201) }
            var listed: [String] = []
            var lengths: [Int] = []
            var query = ""
            while lengths.count < 100 {
                let page = try await server.ask("GET /v1/files\(query)")
                lengths.append(page.body.count)
                listed += page.text.matches(of: /"name":"(f\d+-n+)"/).map { String($0.1) }
                guard let next = page.text.firstMatch(of: /"next":"(\w+)"/) else { break }
                query = "?after=\(next.1)"
            }
            #expect((3..<100).contains(lengths.count), "\(lengths)")
            #expect(lengths.allSatisfy { $0 < 128 << 10 }, "\(lengths)")
            #expect(listed.count == names.count && Set(listed) == Set(names))
        }
    }
}
