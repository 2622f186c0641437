import CairnEngine
import RawHTTP
import Testing

/// What clients get wrong, and what attackers try: each is refused clearly, and nothing changes.
@Suite struct `Bad input` {
    private static let numbers = [
        "-1", "+1", "1.5", "1e3", "0x10", "1 1", "1,1", "1;1", "NaN", "undefined", "null", "true", "٣", "１", "½",
        "\u{FFFD}",
        "9999999999999999", String(repeating: "9", count: 100), String(repeating: "0", count: 16), "--", "1-", "%31",
        "'1'",
        "\"1\"", "1/1", "∞",
    ]
    private static let digests = [
        "x", ":x:", "::", ":AAAA:", "sha-256", "1", "?1", "\"a\"", "(", ":\(b64):, :\(b64):", "é",
    ]
    private static let b64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    private static let dispositions = [
        ";", "attachment; filename", "attachment; filename=\"a", "attachment; filename*=a",
        "attachment; filename*=UTF-8''%",
        "attachment; filename*=UTF-8''%FF", "attachment; filename*=UTF-8''a%00b", "attachment; filename*=x''a",
        "attachment; filename=a; filename=b", "attachment; filename*=UTF-8''%0d%0aX:y", "a b", "\"attachment\"",
    ]
    private static let types = [
        "x", "/", "a/", "/b", "a/b/c", "a b/c", "é/b", "multipart/form-data; boundary=x", "a/b; c=é",
    ]
    private static let ids = [
        ".", "..", "...", "%2e%2e", "..%2f..%2fetc%2fpasswd", "a", "0", "0123456789abcdef0123456789abcde",
        "0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg",
        "0123456789abcdef0123456789abcde%66", "%00", "%", "%zz", "a%2Fb", "*", "'", "~", "$(id)", "\\", "null", "-1",
        "0123456789abcdef0123456789abcdef%00", "%C0%AF", "%F0%9F%92%A9", ";", "&", "=",
        "0123456789abcdef-0123456789abcdef",
        String(repeating: "a", count: 65_536), String(repeating: "../", count: 1000),
        String(repeating: "%2e", count: 1000),
    ]
    private static let names = ["%00", "%0A", "%", "%4", "%zz", "%FF", "%C0%AF", ".", "..", "%2e%2e", "%7F", "%C2%80"]

    struct Case: Sendable, CustomTestStringConvertible {
        let line: String
        var fields: [String: String] = [:]
        var body: [UInt8]? = nil
        var testDescription: String { "\(line.prefix(60)) \(fields.map { "\($0.key): \($0.value.prefix(60))" })" }
    }

    private static func upload(_ name: String, _ values: [String]) -> [Case] {
        values.map { value in
            Case(line: "POST /upload", fields: ["X-File-Id": "new"].merging([name: value]) { $1 }, body: [1, 2, 3])
        }
    }

    private static var cases: [Case] {
        var cases = upload("X-Start-Byte", numbers.filter { $0 != String(repeating: "0", count: 16) })
        cases += upload("X-File-Size", numbers + ["", "0", "2"])
        cases += upload("If-Upload-Prefix", digests + [":\(b64.reversed()):"])
        cases += upload("Content-Digest", digests.map { "sha-256=\($0)" } + ["=", "sha-256=:\(b64):"])
        cases += upload("Content-Disposition", dispositions) + upload("Content-Type", types)
        cases += upload("Content-Encoding", ["gzip", "br", "lz4", "gzip, identity", "x"])
        cases += upload("X-Start-Byte", ["1", "3", "999999999999999"])
        cases += upload("X-File-Id", ["", String(repeating: "a", count: 1025), String(repeating: "a", count: 65_536)])
        cases += ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "PURGE"]
            .map { Case(line: "\($0) /upload", fields: ["X-File-Id": "new"]) }
        for id in ids {
            cases += [
                "GET /files/", "HEAD /files/", "DELETE /files/", "GET /v1/files/", "GET /v1/uploads/",
                "DELETE /v1/uploads/",
            ]
            .map { Case(line: $0 + id) }
        }
        cases += names.map { Case(line: "PUT /files/" + $0, body: [1]) }
        cases += dispositions.map { Case(line: "PUT /files/a", fields: ["Content-Disposition": $0], body: [1]) }
        cases += types.map { Case(line: "POST /files", fields: ["Content-Type": $0], body: [1]) }
        cases += [
            "Tus-Resumable", "Upload-Length", "Upload-Defer-Length", "Upload-Concat", "Upload-Metadata",
            "Upload-Complete",
            "Upload-Incomplete", "Upload-Draft-Interop-Version", "X-HTTP-Method-Override",
        ].map { Case(line: "POST /files", fields: [$0: "1"], body: [1]) }
        cases += ["application/partial-upload", "application/offset+octet-stream"]
            .map { Case(line: "POST /files", fields: ["Content-Type": $0], body: [1]) }
        cases += [
            "limit=0", "limit=-1", "limit=x", "limit=", "after=x", "after=%00", "limit=1&limit=1", "after=&after=",
        ]
        .flatMap { [Case(line: "GET /v1/files?" + $0), Case(line: "GET /v1/uploads?" + $0)] }
        cases += ["", "%", "%00", "%FF", "unknown", String(repeating: "a", count: 2000)]
            .map { Case(line: "GET /v1/uploads?file-id=" + $0) }
        cases += ["GET", "PUT", "PATCH", "DELETE"].map { Case(line: "\($0) /files", body: $0 == "GET" ? nil : [1]) }
        cases += ["POST", "PUT", "DELETE"].flatMap { method in
            ["/v1", "/v1/files", "/v1/uploads", "/health"].map { Case(line: "\(method) \($0)", body: [1]) }
        }
        cases += [
            "/", "/x", "/statusx", "/v2", "/v1/x", "/files/a/b", "/.git/config", "/..", "//", "/%2e%2e/etc/passwd",
        ]
        .flatMap { [Case(line: "GET \($0)"), Case(line: "POST \($0)", body: [1])] }
        cases.append(Case(line: "PUT /files/\(String(repeating: "a", count: 9000))", body: [1]))
        return cases
    }

    @Test func `is refused with a clear status, and nothing changes`() async throws {
        let cases = Self.cases
        #expect(cases.count > 350)
        try await TestServer.run { server async throws in
            _ = try await server.ask("PUT /files/kept", body: bytes(0..<1000))
            _ = try await server.ask("POST /upload", ["X-File-Id": "open", "X-File-Size": "99"], body: bytes(0..<10))
            let before = try await server.census()
            for bad in cases {
                let answer = try await server.ask(bad.line, bad.fields, body: bad.body)
                #expect((400..<500).contains(answer.status), "\(bad.testDescription): \(answer.status)")
                #expect(!answer.reason.isEmpty, "\(bad.testDescription)")
                let after = try await server.census()
                #expect(Self.isUnchanged(before, after), "\(bad.testDescription): \(after)")
            }
        }
    }

    /// A request that was stopped by its body's own bytes leaves an upload that nobody was told of; it holds nothing.
    private static func isUnchanged(_ before: [String], _ after: [String]) -> Bool {
        let left = after.filter { !before.contains($0) }
        return before.allSatisfy(after.contains) && left.allSatisfy { $0.hasSuffix(" 0") }
    }

    @Test func `is a body that ends before its length, and what came is kept`() async throws {
        try await TestServer.run { server async throws in
            for path in ["/files", "/upload"] {
                let connection = try await server.open()
                try await connection.send(request("POST \(path)", ["X-File-Id": "short"], length: 100))
                try await connection.send(bytes(0..<10))
                try await connection.finish()
                let answer = try await connection.readFinal()
                #expect(answer.status == 400)
            }
            #expect(try await server.status("short") == "10")
            #expect(try await server.engine.uploads(.complete, for: .everyone, after: nil, limit: 9).isEmpty)
        }
    }
}
