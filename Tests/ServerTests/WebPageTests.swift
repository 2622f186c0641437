import CairnServer
import Foundation
import RawHTTP
import Testing

@Suite struct `The page` {
    private static let types = [
        "/": "text/html; charset=utf-8", "/page.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml",
        "/page.js": "text/javascript; charset=utf-8", "/cairn.js": "text/javascript; charset=utf-8",
        "/cairn-worker.js": "text/javascript; charset=utf-8", "/access.js": "text/javascript; charset=utf-8",
        "/entry.js": "text/javascript; charset=utf-8", "/saving.js": "text/javascript; charset=utf-8",
    ]

    @Test func `is served with its type, a tag and a policy that lets it speak with its server only`() async throws {
        try await TestServer.run { server async throws in
            for (path, type) in Self.types {
                let answer = try await server.ask("GET \(path)")
                #expect(answer.status == 200 && !answer.text.isEmpty, "\(path)")
                #expect(answer["content-type"] == type, "\(path)")
                let policy = try #require(answer["content-security-policy"], "\(path)")
                for part in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]
                {
                    #expect(policy.contains(part), "\(path)")
                }
                #expect(!policy.contains("unsafe") && !policy.contains("http"), "\(path)")
                #expect(answer["x-content-type-options"] == "nosniff", "\(path)")
                #expect(answer["referrer-policy"] == "no-referrer", "\(path)")
                #expect(answer["cache-control"] == "no-cache", "\(path)")
            }
        }
    }

    @Test func `is sent again only when it is another one, and HEAD tells what GET would send`() async throws {
        try await TestServer.run { server async throws in
            let page = try await server.ask("GET /page.js")
            let tag = try #require(page["etag"])
            let known = try await server.ask("GET /page.js", ["If-None-Match": "\"other\", W/\(tag)"])
            #expect(known.status == 304 && known.text.isEmpty && known["etag"] == tag)
            #expect(known["content-security-policy"] == page["content-security-policy"])
            #expect(try await server.ask("GET /page.js", ["If-None-Match": "\"other\""]).status == 200)
            let head = try await server.ask("HEAD /page.js")
            #expect(head.status == 200 && head["content-length"] == "\(page.text.utf8.count)" && head["etag"] == tag)
        }
    }

    @Test func `knows GET and HEAD, and no path beside its files`() async throws {
        try await TestServer.run { server async throws in
            for path in ["/", "/page.js"] {
                let answer = try await server.ask("POST \(path)", body: [])
                #expect(answer.status == 405 && answer["allow"] == "GET, HEAD", "\(path)")
            }
            for path in ["/index.html", "/page.js/", "/page.js/x", "//", "/package.json", "/favicon.ico"] {
                #expect(try await server.ask("GET \(path)").status == 404, "\(path)")
            }
        }
    }

    @Test func `has everything that it names`() async throws {
        try await TestServer.run { server async throws in
            var (left, seen) = ([""], Set<String>())
            while let name = left.popLast() {
                guard seen.insert(name).inserted else { continue }
                let answer = try await server.ask("GET /\(name)")
                #expect(answer.status == 200, "/\(name)")
                let text = answer.text
                for match in text.matches(of: /(?:from|src=|href=|import) ?["'](?:\.\/)?([\w.-]+\.(?:js|css|svg))["']/)
                {
                    left.append(String(match.1))
                }
                #expect(!text.contains(/(?:src|href)=["']https?:|from ["']https?:/), "/\(name)")
            }
            #expect(seen.isSuperset(of: ["page.js", "page.css", "icon.svg", "cairn.js", "transfers.js"]))
        }
    }

    @Test func `is left out where it is not wanted`() async throws {
        try await TestServer.run(configure: { $0.page = false }) { server async throws in
            for path in Self.types.keys { #expect(try await server.ask("GET \(path)").status == 404, "\(path)") }
            #expect(try await server.ask("GET /v1").status == 200)
        }
    }
}
