import CairnDialects
import CairnEngine
import HTTPTypes
import Testing

@Suite struct `Hostile values` {
    /// What has broken parsers elsewhere, and what reads a field only by accident.
    private static let values: [String] =
        [
            "", " ", "\t", ",", ";", "=", "\"", "\\", "%", "''", ":", "::", "?", "?1", "()", "0", "-", "--", "*", "W/",
            "/",
        ]
        + ["\u{0}", "\u{FFFD}", "\u{7F}", "\u{85}", "é", "日本", "\u{202E}gpj", "a\u{301}", "\u{1F468}\u{200D}\u{1F469}"]
        + [
            "../../etc/passwd", "%2e%2e%2f", "%00", "<script>", "\r\nSet-Cookie: a=b", "${jndi:ldap://x}",
            "' OR 1=1 --",
        ]
        + [
            String(repeating: "9", count: 5000), String(repeating: "a", count: 65_536),
            String(repeating: "\"", count: 999),
        ]
        + [
            String(repeating: ";a=b", count: 5000), String(repeating: "0-0,", count: 5000),
            String(repeating: "(", count: 999),
        ]

    private static let fields = [
        "X-File-Id", "X-Start-Byte", "X-File-Size", "Content-Length", "Content-Type", "Content-Disposition",
        "Content-Encoding", "Content-Digest", "If-Upload-Prefix", "If-Match", "If-None-Match", "If-Range", "Range",
        "Accept",
        "X-HTTP-Method-Override", "Tus-Resumable", "Upload-Complete", "Upload-Incomplete",
        "Upload-Draft-Interop-Version", "Upload-Offset", "Upload-Length", "Upload-Defer-Length", "Upload-Metadata",
        "Upload-Concat", "Upload-Checksum", "Repr-Digest", "Want-Repr-Digest", "Want-Content-Digest", "Trailer",
    ]

    private static let tus = [
        "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0",
    ]
    private static let ietf = [
        "Upload-Complete": "?1", "Content-Type": "application/partial-upload", "Upload-Offset": "0",
    ]

    private static let requests: [(HTTPRequest.Method, String, [String: String])] = [
        (.get, "/status", ["X-File-Id": "a"]), (.post, "/upload", ["X-File-Id": "a"]), (.put, "/files/a", [:]),
        (.post, "/files", [:]), (.get, file, [:]), (.head, file, [:]), (.get, "/v1" + file, [:]),
        (.get, "/v1/files", [:]), (.delete, "/v1" + file, [:]), (.post, "/files", tus), (.patch, file, tus),
        (.head, file, tus), (.delete, file, tus), (.post, "/files", ietf), (.put, "/files/a", ietf),
        (.patch, file, ietf), (.options, "/files", [:]),
    ]

    @Test(arguments: fields) func `are a command or a refusal in every field, and never a trap`(field: String) throws {
        for value in Self.values {
            for (method, path, fields) in Self.requests {
                guard let error = refusal(method, path, fields.merging([field: value]) { $1 }) else { continue }
                let status = Problem(error).status.code
                #expect((400..<500).contains(status), "\(method) \(path) \(field)")
            }
        }
    }

    @Test(arguments: fields) func `are answered in every field, and never a trap`(field: String) throws {
        let whole = upload(1000, .complete, name: "\r\nX: y", type: "a/b\r\nX: y")
        for value in Self.values {
            guard let head = try? head(.get, file, [field: value]) else { continue }
            for outcome in [Outcome.file(whole), .file(upload(10)), .refused(.gone), .rejected(.path)] {
                for dialect in [Native.self, Tus.self, IETF.self] as [any Dialect.Type] {
                    let answer = dialect.answer(to: outcome, for: head).with(CrossOrigin.fields(for: head))
                    let isClean = answer.head.headerFields.allSatisfy { !$0.value.contains { $0.isNewline } }
                    #expect(isClean && (200..<500).contains(answer.head.status.code))
                }
            }
        }
    }

    @Test func `are a command or a refusal in the path and the query`() {
        for value in Self.values {
            for path in [
                "/files/", "/v1/uploads/", "/v1/uploads?file-id=", "/v1/files?after=", "/v1/files?limit=", "/",
            ] {
                for method in [HTTPRequest.Method.get, .put, .delete] {
                    guard let error = refusal(method, path + value) else { continue }
                    #expect((400..<500).contains(Problem(error).status.code))
                }
            }
        }
    }
}
