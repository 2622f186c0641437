import CairnEngine
import RawHTTP
import Testing

/// What clients get wrong, and what attackers try: each is refused clearly, and nothing changes.
@Suite struct `Bad input` {
    // MARK: Values

    private static let numbers = [
        "-1", "+1", "1.5", "1e3", "0x10", "1 1", "1,1", "1;1", "NaN", "undefined", "null", "true", "٣", "１", "½",
        "\u{FFFD}",
        "9999999999999999", String(repeating: "9", count: 100), String(repeating: "0", count: 16), "--", "1-", "%31",
        "'1'",
        "\"1\"", "1/1", "∞",
    ]
    /// SHA-256 of nothing, and of something else.
    private static let b64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    private static let other = String(repeating: "A", count: 43) + "="
    private static let digests = [
        "x", ":x:", "::", ":AAAA:", "sha-256", "1", "?1", "\"a\"", "(", ":\(b64):, :\(b64):", "é",
    ]
    private static let dispositions = [
        ";", "attachment; filename", "attachment; filename=\"a", "attachment; filename*=a",
        "attachment; filename*=UTF-8''%",
        "attachment; filename*=UTF-8''%FF", "attachment; filename*=UTF-8''a%00b", "attachment; filename*=x''a",
        "attachment; filename=a; filename=b", "attachment; filename*=UTF-8''%0d%0aX:y", "a b", "\"attachment\"",
        twice("Content-Disposition", "attachment; filename=a"), twice("Content-Disposition", "attachment"),
    ]
    private static let types = [
        "x", "/", "a/", "/b", "a/b/c", "a b/c", "é/b", "a/b; c=é", twice("Content-Type", "text/plain"),
    ]
    private static let codings = [
        "gzip", "br", "lz4", "gzip, identity", "x", "é", twice("Content-Encoding", "identity"),
    ]
    private static let overrides = ["1", "GET", "HEAD", "OPTIONS", "é", "", twice("X-HTTP-Method-Override", "POST")]
    private static let ids = [
        ".", "..", "...", "%2e%2e", "..%2f..%2fetc%2fpasswd", "a", "0", "0123456789abcdef0123456789abcde",
        "0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg",
        "0123456789abcdef0123456789abcde%66", "%00", "%", "%zz", "a%2Fb", "*", "'", "~", "$(id)", "\\", "null", "-1",
        "0123456789abcdef0123456789abcdef%00", "%C0%AF", "%F0%9F%92%A9", ";", "&", "=",
        "0123456789abcdef-0123456789abcdef",
        String(repeating: "a", count: 65_536), String(repeating: "../", count: 1000),
        String(repeating: "%2e", count: 1000),
    ]
    /// Of the right shape, but of no upload.
    private static let unknown = "0123456789abcdef0123456789abcdef"
    private static let names = ["%00", "%0A", "%", "%4", "%zz", "%FF", "%C0%AF", ".", "..", "%2e%2e", "%7F", "%C2%80"]
    /// Bytes that are no UTF-8, each sent as it is.
    private static let letters = ["\u{80}", "\u{A0}", "\u{B2}", "\u{E9}", "\u{FF}"]

    /// A value that makes of the field's line the same line twice.
    private static func twice(_ name: String, _ value: String) -> String { "\(value)\n\(name): \(value)" }

    // MARK: Cases

    struct Case: Sendable, CustomTestStringConvertible {
        let line: String
        var fields: [String: String] = [:]
        var body: [UInt8]? = nil
        /// What `verdict(of:)` must say of the answer.
        let verdict: String
        /// Whether each letter is sent as one byte.
        var isLatin1 = false
        /// Whether it begins the upload `begun`.
        var begins = false

        var message: [UInt8] {
            let head = request(line, fields, length: body?.count)
            return (isLatin1 ? latin1(head) : wire(head)) + (body ?? [])
        }

        var testDescription: String { "\(line.prefix(60)) \(fields.map { "\($0.key): \($0.value.prefix(60))" })" }
    }

    /// The field with each value, in a POST under an id never seen and in one that would go on with `open`.
    private static func field(
        _ name: String, _ values: [String], body: [UInt8]? = [1, 2, 3], is verdict: String, onOpen: String? = nil,
        isLatin1: Bool = false
    ) -> [Case] {
        values.flatMap { value -> [Case] in
            let new = ["X-File-Id": "new"].merging([name: value]) { $1 }
            let open = ["X-File-Id": "open", "X-Start-Byte": "10"].merging([name: value]) { $1 }
            return [
                Case(line: "POST /upload", fields: new, body: body, verdict: verdict, isLatin1: isLatin1),
                Case(line: "POST /upload", fields: open, body: body, verdict: onOpen ?? verdict, isLatin1: isLatin1),
            ]
        }
    }

    /// A POST that would go on with `open`, but for these fields.
    private static func goOn(
        _ fields: [String: String], body: [UInt8]? = [1, 2, 3], is verdict: String, isLatin1: Bool = false
    ) -> Case {
        let open = ["X-File-Id": "open", "X-Start-Byte": "10"].merging(fields) { $1 }
        return Case(line: "POST /upload", fields: open, body: body, verdict: verdict, isLatin1: isLatin1)
    }

    private static func plain(
        _ name: String, _ values: [String], is verdict: String, isLatin1: Bool = false
    ) -> [Case] {
        values.flatMap { value in
            ["PUT /files/a", "POST /files"].map { line in
                Case(line: line, fields: [name: value], body: [1], verdict: verdict, isLatin1: isLatin1)
            }
        }
    }

    private static func lines(_ methods: [String], _ paths: [String], is verdict: String) -> [Case] {
        methods.flatMap { method in
            paths.map { path in
                Case(line: "\(method) \(path)", body: method == "POST" ? [1] : nil, verdict: verdict)
            }
        }
    }

    // MARK: The table

    private static var cases: [Case] { [uploads, bytesOutsideUTF8, addresses, files, elsewhere, long].flatMap { $0 } }

    private static var uploads: [Case] {
        var cases = field("X-Start-Byte", numbers + [twice("X-Start-Byte", "10")], is: "400 Bad X-Start-Byte")
        cases += field(
            "X-Start-Byte", ["1", "3", "9", "11", "999999999999999"], is: "400 Wrong start byte: 0",
            onOpen: "400 Wrong start byte: 10")
        cases += field("X-File-Size", numbers + ["", twice("X-File-Size", "99")], is: "400 Bad X-File-Size")
        cases += field(
            "X-File-Size", ["0", "2"], is: "400 More bytes than declared: 0", onOpen: "400 Another length: 10")
        cases += field(
            "X-File-Size", ["999999999999999"], is: "413 Over a limit", onOpen: "400 Another length: 10")
        cases += field(
            "Content-Length", ["999999999999999"], body: nil, is: "413 Over a limit",
            onOpen: "400 More bytes than declared: 10")
        cases += field("Content-Length", ["9999999999999999"], body: nil, is: "413 Over a limit")
        cases += field(
            "If-Upload-Prefix", digests + [twice("If-Upload-Prefix", ":\(b64):")], is: "400 Bad If-Upload-Prefix")
        cases += field(
            "If-Upload-Prefix", [":\(other):"], is: "412 Another prefix: 0", onOpen: "412 Another prefix: 10")
        cases += field("Content-Digest", digests.map { "sha-256=\($0)" } + ["="], is: "400 Bad Content-Digest")
        cases += field("Content-Disposition", dispositions, is: "400 Bad Content-Disposition")
        cases += field("Content-Type", types, is: "400 Bad Content-Type")
        cases += field("Content-Type", ["multipart/form-data; boundary=x"], is: "415 Not a file")
        cases += field("Content-Encoding", codings, is: "415 Content coding not supported")
        cases += field(
            "Content-Range", ["bytes 0-2/3", "bytes */3", "x", "", twice("Content-Range", "bytes 0-2/3")],
            is: "400 Bad Content-Range")
        cases += field("X-HTTP-Method-Override", overrides, is: "400 bad-header")
        cases += field("X-HTTP-Method-Override", ["PUT", "patch", "DELETE"], is: "405 Method not allowed")
        cases += field("Expect", ["something", "100-continue, more", ""], is: "417 expectation")
        cases += field("X-File-Id", [""], is: "400 No file id")
        cases += field(
            "X-File-Id", [1025, 65_536].map { String(repeating: "a", count: $0) }, is: "400 Bad X-File-Id")
        cases += [
            goOn(["X-File-Id": twice("X-File-Id", "open")], is: "400 Wrong start byte: 0"),
            goOn(["X-File-Size": "98"], is: "400 Another length: 10"),
            goOn(["X-File-Size": "100"], is: "400 Another length: 10"),
            goOn([:], body: bytes(0..<90), is: "400 More bytes than declared: 10"),
            goOn(["If-Upload-Prefix": ":\(b64):"], is: "412 Another prefix: 10"),
            goOn(["Host": "x"], is: "400 bad-framing"),
            goOn(["Content-Length": twice("Content-Length", "3")], body: nil, is: "400 bad-framing"),
            goOn(["Transfer-Encoding": twice("Transfer-Encoding", "chunked")], body: nil, is: "400 bad-framing"),
        ]
        let wrong = "sha-256=:\(b64):"
        for value in [wrong, twice("Content-Digest", wrong)] {
            let fields = ["X-File-Id": "begun", "Content-Digest": value]
            cases += [
                Case(
                    line: "POST /upload", fields: fields, body: [1, 2, 3], verdict: "400 Bytes unlike their digest: 0",
                    begins: true),
                goOn(["Content-Digest": value], is: "400 Bytes unlike their digest: 10"),
            ]
        }
        return cases
    }

    private static var bytesOutsideUTF8: [Case] {
        var cases: [Case] = []
        for letter in letters {
            cases += field("X-Start-Byte", [letter, "10" + letter], is: "400 Bad X-Start-Byte", isLatin1: true)
            cases += field("X-File-Size", [letter, "99" + letter], is: "400 Bad X-File-Size", isLatin1: true)
            cases += field("If-Upload-Prefix", [letter], is: "400 Bad If-Upload-Prefix", isLatin1: true)
            cases += field("Content-Digest", ["sha-256=" + letter], is: "400 Bad Content-Digest", isLatin1: true)
            cases += field("Content-Disposition", [letter], is: "400 Bad Content-Disposition", isLatin1: true)
            cases += field("Content-Type", [letter + "/b"], is: "400 Bad Content-Type", isLatin1: true)
            cases += field("Content-Type", ["a/b; c=" + letter], is: "400 Bad Content-Type", isLatin1: true)
            cases += field("Content-Encoding", [letter], is: "415 Content coding not supported", isLatin1: true)
            cases += field("Content-Range", [letter], is: "400 Bad Content-Range", isLatin1: true)
            cases += field("X-HTTP-Method-Override", [letter], is: "400 bad-header", isLatin1: true)
            cases += field("Expect", [letter], is: "417 expectation", isLatin1: true)
            cases += field("Content-Length", ["3" + letter], body: nil, is: "400 bad-framing", isLatin1: true)
            cases += field("Transfer-Encoding", [letter], body: nil, is: "400 bad-framing", isLatin1: true)
            cases += field("X-Any" + letter, ["1"], is: "400 bad-framing", isLatin1: true)
            cases.append(goOn(["X-File-Id": "open" + letter], is: "400 Wrong start byte: 0", isLatin1: true))
            cases += plain("Content-Type", [letter + "/b"], is: "400 bad-header", isLatin1: true)
            cases += plain("Content-Disposition", [letter], is: "400 bad-header", isLatin1: true)
            for line in ["P\(letter)ST /upload", "POST /upl\(letter)ad", "POST /upload\(letter)"] {
                cases.append(Case(line: line, body: [1], verdict: "400 bad-framing", isLatin1: true))
            }
        }
        return cases
    }

    private static var addresses: [Case] {
        var cases: [Case] = []
        for id in ids {
            let isPath = id.contains("/")
            cases += ["GET /files/", "DELETE /files/", "GET /v1/files/", "GET /v1/uploads/", "DELETE /v1/uploads/"]
                .map { Case(line: $0 + id, verdict: isPath ? "404 unknown-path" : "400 bad-path") }
            cases.append(Case(line: "HEAD /files/" + id, verdict: isPath ? "404 Not Found" : "400 Bad Request"))
        }
        let members = ["/files/", "/v1/files/", "/v1/uploads/"].map { $0 + unknown }
        let manifests = members.dropFirst().map { $0 + "/manifest" }
        cases += lines(["GET", "DELETE"], members, is: "404 unknown-upload")
        cases += lines(["GET"], manifests, is: "404 unknown-upload")
        cases += lines(["HEAD"], members + manifests, is: "404 Not Found")
        cases += lines(["POST", "TRACE", "PROPFIND"], members + manifests, is: "405 method")
        cases += lines(["PATCH"], [members[1]] + manifests.prefix(1), is: "405 method")
        cases += lines(["PATCH"], Array(members.prefix(1)), is: "415 unsupported-media")
        cases += lines(["PATCH"], Array(members.suffix(1)), is: "400 bad-header")
        cases += lines(["PATCH"], Array(manifests.suffix(1)), is: "415 unsupported-media")
        cases += lines(["PUT", "OPTIONS"], Array(members.dropFirst()) + manifests, is: "405 method")
        return cases
    }

    private static var files: [Case] {
        var cases = names.map { Case(line: "PUT /files/" + $0, body: [1], verdict: "400 bad-path") }
        cases += plain("Content-Disposition", dispositions, is: "400 bad-header")
        cases += plain("Content-Type", types, is: "400 bad-header")
        cases += plain("Content-Type", ["multipart/form-data; boundary=x"], is: "415 unsupported-media")
        cases += plain("Content-Encoding", codings, is: "415 unsupported-encoding")
        cases += plain("Content-Range", ["bytes 0-0/1", "x", ""], is: "400 bad-header")
        cases += plain("Content-Digest", digests.map { "sha-256=\($0)" }, is: "400 bad-header")
        cases += plain("Content-Digest", ["sha-256=:\(b64):"], is: "422 digest-mismatch")
        cases += plain("X-HTTP-Method-Override", overrides, is: "400 bad-header")
        return cases
    }

    private static var elsewhere: [Case] {
        let queries = [
            "limit=0", "limit=-1", "limit=x", "limit=", "after=x", "after=%00", "limit=1&limit=1", "after=&after=",
        ]
        var cases = queries.flatMap { query in
            lines(["GET"], ["/v1/files?" + query, "/v1/uploads?" + query], is: "400 bad-query")
        }
        cases += ["", "%", "%00", "%FF", String(repeating: "a", count: 2000)]
            .map { Case(line: "GET /v1/uploads?file-id=" + $0, verdict: "400 bad-query") }
        cases.append(Case(line: "GET /v1/uploads?file-id=unknown", verdict: "404 unknown-upload"))
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "PURGE"] {
            let fields = ["X-File-Id": "open", "X-Start-Byte": "10"]
            cases.append(Case(line: "\(method) /upload", fields: fields, verdict: "405 Method not allowed"))
        }
        cases += lines(["GET", "PUT", "PATCH", "DELETE", "TRACE"], ["/files", "/files/"], is: "405 method")
        let reading = ["/v1", "/v1/files", "/v1/uploads", "/health"]
        cases += lines(["PUT", "PATCH", "DELETE", "OPTIONS"], reading, is: "405 method")
        cases += lines(["POST"], ["/v1", "/v1/files", "/health"], is: "405 method")
        cases += lines(["POST"], ["/v1/uploads"], is: "400 bad-body")
        cases += lines(
            ["FROB", "get", "Post", "POSTS", "G"], ["/upload", "/status", "/files", "/v1", "/v1/uploads"],
            is: "400 bad-framing")
        let nowhere = [
            "/x", "/statusx", "/v2", "/v1/x", "/files/a/b", "/.git/config", "/..", "//", "/%2e%2e/etc/passwd",
        ]
        cases += lines(["GET", "POST"], nowhere, is: "404 unknown-path")
        for id in [String(repeating: "a", count: 1025), String(repeating: "é", count: 513)] {
            cases += ["GET", "POST", "PUT"].map { method in
                Case(line: "\(method) /status", fields: ["X-File-Id": id], verdict: "400 Bad X-File-Id")
            }
        }
        return cases
    }

    private static var long: [Case] {
        let (large, huge) = (String(repeating: "n", count: 9000), String(repeating: "n", count: 60_000))
        var cases = field("Content-Encoding", [large, huge], is: "415 Content coding not supported")
        cases += field("X-HTTP-Method-Override", [large, huge], is: "400 bad-header")
        cases += field("X-Start-Byte", [huge], is: "400 Bad X-Start-Byte")
        cases += field("If-Upload-Prefix", [huge], is: "400 Bad If-Upload-Prefix")
        for name in ["Content-Type", "Content-Disposition", "Content-Encoding", "X-HTTP-Method-Override", "X-Any"] {
            cases += field(name, [String(repeating: "n", count: 90_000)], is: "431 header-too-long")
        }
        cases.append(Case(line: "PUT /files/\(large)", body: [1], verdict: "413 too-large"))
        cases += plain("Content-Type", ["a/" + large, "a/" + huge], is: "413 too-large")
        for text in [large, huge] {
            cases += field("Content-Type", ["a/" + text], is: "413 Over a limit")
            cases += field("Content-Disposition", ["attachment; filename=\"\(text)\""], is: "413 Over a limit")
        }
        return cases
    }

    // MARK: What is tried

    @Test func `is refused with a clear answer, and nothing changes`() async throws {
        let cases = Self.cases
        #expect(cases.count >= 350)
        try await TestServer.run { server async throws in
            _ = try await server.ask("PUT /files/kept", body: bytes(0..<1000))
            _ = try await server.ask("POST /upload", ["X-File-Id": "open", "X-File-Size": "99"], body: bytes(0..<10))
            let ids = ["new", "open", "open, open", "begun"]
            var before = try await server.holdings(of: ids)
            for bad in cases {
                let answer = try await server.exchange(bad.message, toHead: bad.line.hasPrefix("HEAD "))
                #expect(Self.verdict(of: answer) == bad.verdict, "\(bad.testDescription)")
                #expect(!answer.reason.isEmpty, "\(bad.testDescription)")
                #expect(try await server.status("open") == "10", "\(bad.testDescription)")
                let after = try await server.holdings(of: ids)
                let isUnchanged = Self.isUnchanged(before, after, begins: bad.begins)
                #expect(isUnchanged, "\(bad.testDescription)")
                before = after
            }
        }
    }

    /// The status, and the problem's name; without a problem the reason, and the offset when one is told.
    private static func verdict(of answer: RawResponse) -> String {
        if let problem = answer.text.firstMatch(of: /"type":"[^"]*[\/#]((?:\w|-)+)"/) {
            return "\(answer.status) \(problem.1)"
        }
        return "\(answer.status) \(answer.reason)" + (answer.body.isEmpty ? "" : ": \(answer.text)")
    }

    /// Whether all is as it was. A body whose digest is wrong is known to be so only at its end: by then its id stands
    /// for an upload that nobody was told of, and that holds nothing.
    private static func isUnchanged(_ before: Holdings, _ after: Holdings, begins: Bool) -> Bool {
        guard begins else { return before == after }
        let begun = after.uploads.subtracting(before.uploads)
        var rest = after
        rest.uploads.subtract(begun)
        rest.names["begun"] = before.names["begun"]
        return rest == before && begun.allSatisfy { $0.state == .open && $0.offset == 0 && $0.metadata == Metadata() }
    }

    @Test func `in a field that only sets a condition leaves the answer as it is`() async throws {
        let file = bytes(0..<1000)
        let statuses = [
            "Range": 200, "If-Range": 200, "If-None-Match": 200, "If-Match": 412, "Accept": 200, "User-Agent": 200,
            "Cookie": 200, "Referer": 200,
        ]
        try await TestServer.run { server async throws in
            let path = try #require(try await server.ask("PUT /files/kept", body: file)["location"])
            for (name, status) in statuses {
                for letter in Self.letters {
                    let answer = try await server.exchange(latin1(request("GET \(path)", [name: letter])))
                    #expect(answer.status == status, "\(name)")
                    #expect(status != 200 || answer.body == file, "\(name)")
                }
            }
        }
    }
}
