import CairnDialects
import CairnServer
import RawHTTP
import Testing

@Suite struct `Pages of other origins` {
    private let preflight = [
        "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "upload-offset",
    ]

    private func allowed(_ line: String, from origin: String?, _ origins: Origins) async throws -> (String?, String?) {
        let asking = line.hasPrefix("OPTIONS") ? preflight : [:]
        let fields = origin.map { asking.merging(["Origin": $0]) { $1 } } ?? asking
        return try await TestServer.run {
            $0.origins = origins
        } _: { server async throws in
            let answer = try await server.ask(line, fields)
            return (answer["access-control-allow-origin"], answer["vary"])
        }
    }

    @Test(arguments: ["GET /files/0123456789abcdef0123456789abcdef", "OPTIONS /files"])
    func `may be any, at the shared paths`(line: String) async throws {
        #expect(try await allowed(line, from: "https://a.example", .any) == ("*", nil))
        #expect(try await allowed(line, from: nil, .any) == (nil, nil))
    }

    @Test(arguments: ["GET /v1", "OPTIONS /v1/uploads", "GET /status", "GET /health"])
    func `are none elsewhere unless they are listed`(line: String) async throws {
        #expect(try await allowed(line, from: "https://a.example", .any) == (nil, nil))
        let listed = Origins.listed(["https://a.example"])
        #expect(try await allowed(line, from: "https://a.example", listed) == ("https://a.example", "Origin"))
    }

    @Test(arguments: [
        "https://b.example", "http://a.example", "https://a.example:8443", "https://a.example.evil", "null", "",
        "HTTPS://A.EXAMPLE",
    ])
    func `that are not listed are told nothing`(origin: String) async throws {
        for line in ["GET /v1", "OPTIONS /files", "OPTIONS /v1/uploads", "GET /files/0123456789abcdef0123456789abcdef"]
        {
            let (allowed, vary) = try await allowed(line, from: origin, .listed(["https://a.example"]))
            #expect(allowed == nil && vary == "Origin", "\(line)")
        }
    }

    @Test func `are asked about before they send, and told which fields they may`() async throws {
        try await TestServer.run {
            $0.origins = .listed(["https://a.example"])
        } _: { server async throws in
            let fields = preflight.merging(["Origin": "https://a.example"]) { $1 }
            for path in ["/v1/uploads", "/upload", "/files"] {
                let answer = try await server.ask("OPTIONS \(path)", fields)
                #expect(answer.status == 204 && answer["access-control-allow-methods"]?.contains("PATCH") == true)
                #expect(answer["access-control-allow-headers"]?.lowercased().contains("x-start-byte") == true)
            }
            #expect(try await server.ask("OPTIONS /v1/uploads").status == 405)
        }
    }

    @Test func `are written as browsers do`() {
        for origin in ["https://a.example", "http://localhost:3000", "https://[::1]:8443", "http://a-b.c_d.example"] {
            #expect(Origins.isOrigin(origin), "\(origin)")
        }
        for text in [
            "", "*", "null", "a.example", "https://a.example/", "https://a.example/x", "ftp://a.example",
            "https://A.example", "https://a.example:443", "http://a.example:80", "https://a.example:0",
            "https://a.example:65536", "https://u@a.example", "https://a.example\n", "https://",
        ] {
            #expect(!Origins.isOrigin(text), "\(text)")
        }
    }
}
