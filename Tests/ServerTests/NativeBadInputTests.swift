import CairnContent
import CairnEngine
import RawHTTP
import Testing

/// What native clients get wrong, and what attackers try: each is refused clearly, and nothing changes.
@Suite struct `Bad native input` {
    // MARK: Cases

    struct Case: Sendable, CustomTestStringConvertible {
        /// With `:open`, `:loose`, `:free`, `:file`, `:gone` for the ids of what is there.
        let line: String
        var fields: [String: String] = [:]
        var body: [UInt8]? = nil
        /// What `verdict(of:)` must say of the answer.
        let verdict: String

        func message(_ ids: [String: String]) -> [UInt8] {
            let line = ids.reduce(line) { $0.replacing($1.key, with: $1.value) }
            return wire(request(line, fields, length: body?.count)) + (body ?? [])
        }

        var testDescription: String {
            let start = (body ?? []).prefix(60).map { Character(UnicodeScalar($0)) }
            return "\(line.prefix(80)) \(fields.map { "\($0.key): \($0.value.prefix(60))" }) \(String(start))"
        }
    }

    /// Each text as a body of the same request.
    private static func bodies(_ line: String, is verdict: String, _ texts: [String]) -> [Case] {
        texts.map { Case(line: line, body: Array($0.utf8), verdict: verdict) }
    }

    private static func lines(
        _ methods: [String], _ paths: [String], _ fields: [String: String] = [:], is verdict: String
    ) -> [Case] {
        methods.flatMap { method -> [Case] in
            let hasBody = ["POST", "PUT", "PATCH"].contains(method)
            return paths.map {
                Case(line: "\(method) \($0)", fields: fields, body: hasBody ? [] : nil, verdict: verdict)
            }
        }
    }

    // MARK: Values

    private static let vector = CutFile(mask: 0)
    /// Well-formed, and of nothing that is here.
    private static let unknown = "0123456789abcdef0123456789abcdef"
    private static let digest = String(repeating: "00", count: 32)
    private static let zeros = [UInt8](repeating: 0, count: 32)
    private static let nonce = String(repeating: "A", count: 22) + "=="
    private static let hmac = String(repeating: "A", count: 43) + "="
    private static let digestsType = ["Content-Type": "application/vnd.cairn.digests"]
    private static let framesType = ["Content-Type": "application/vnd.cairn.frames"]
    private static let jsonType = ["Content-Type": "application/json"]
    private static let openPath = "/v1/uploads/:open"
    private static let loosePath = "/v1/uploads/:loose"

    private static let ids = [
        ".", "..", "...", "%2e%2e", "..%2f..%2fetc%2fpasswd", "a", "0", "0123456789abcdef0123456789abcde",
        "0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdeg",
        "0123456789abcdef0123456789abcde%66", "%00", "%", "a%2Fb", "0123456789abcdef0123456789abcdef%00", "", "~",
        String(repeating: "a", count: 65_536),
    ]
    private static let notDigests = [
        "", "ab", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
        String(repeating: "A", count: 64), String(repeating: "g", count: 64), "..",
    ]
    /// What is no number in a query.
    private static let notNumbers = [
        "-1", "+1", "1.5", "1e3", "0x10", "x", "", "%20", "%31%20", "1,2", "NaN", "null", "%D9%A3", "%00", "%", "%zz",
        "%FF", "9999999999999999", String(repeating: "9", count: 100), String(repeating: "0", count: 16),
    ]
    /// What is no number in a field.
    private static let notCounts = [
        "-1", "+1", "1.5", "1e3", "0x10", "1 1", "1,1", "NaN", "null", "٣", "９", "", "9999999999999999",
        String(repeating: "9", count: 100),
    ]
    private static let notPrefixes = ["x", ":x:", "::", ":AAAA:", "1", "?1", "\"a\"", "(", ":\(hmac):, :\(hmac):"]

    // MARK: The table

    private static var cases: [Case] {
        [
            ids.flatMap { members($0, is: "400 bad-path") }, addresses, methods, beginnings, namings, impossibleNames,
            questions, proofs, puts, blocks, frames, appends, completions,
        ].flatMap { $0 }
    }

    /// Every request about one upload or file.
    private static func members(_ id: String, is verdict: String) -> [Case] {
        let path = "/v1/uploads/\(id)"
        let prove = #"{"nonce":"\#(nonce)","proofs":[]}"#
        return [
            Case(line: "GET \(path)", verdict: verdict), Case(line: "DELETE \(path)", verdict: verdict),
            Case(line: "PATCH \(path)", fields: ["Upload-Offset": "0"], body: [1], verdict: verdict),
            Case(line: "GET \(path)/manifest", verdict: verdict),
            Case(line: "PATCH \(path)/manifest?index=0", fields: digestsType, body: zeros, verdict: verdict),
            Case(line: "GET \(path)/missing", verdict: verdict),
            Case(line: "POST \(path)/proofs", body: Array(prove.utf8), verdict: verdict),
            Case(line: "PUT \(path)/chunks/\(digest)", body: [1], verdict: verdict),
            Case(line: "POST \(path)/chunks", fields: framesType, body: [], verdict: verdict),
            Case(line: "POST \(path)/complete", body: [], verdict: verdict),
            Case(line: "GET /v1/files/\(id)/proof?index=0", verdict: verdict),
            Case(line: "GET /v1/files/\(id)/proof?from=1", verdict: verdict),
        ]
    }

    private static var addresses: [Case] {
        var cases = members(unknown, is: "404 unknown-upload") + members(":gone", is: "410 upload-gone")
        cases += members("a/b", is: "404 unknown-path") + members("../x", is: "404 unknown-path")
        let longer = ["sha-256", "%2e%2e", "%00", "%", String(repeating: "a", count: 62) + "%66"]
        cases += lines(["PUT"], (notDigests + longer).map { "\(openPath)/chunks/\($0)" }, is: "400 bad-path")
        let parts = [
            "/", "/x", "/Manifest", "/complete/", "/missing/0", "/manifest/0", "/chunks/\(digest)/",
            "/chunks/\(digest)/x",
        ]
        let files = ["/proofs", "/complete", "/chunks", "/proof/0"].map { "/v1/files/:file\($0)" }
        let nowhere = parts.map { openPath + $0 } + files + ["/v1/upload", "/v1/uploads//"]
        cases += lines(["GET", "POST", "PUT"], nowhere, is: "404 unknown-path")
        cases += lines(["GET"], ["/v1/uploads/\0", "\(openPath)\0", "\(openPath)/missing\0"], is: "400 bad-framing")
        return cases
    }

    private static var methods: [Case] {
        let (chunk, proof) = ("\(openPath)/chunks/\(digest)", "/v1/files/:file/proof?index=0")
        var cases = lines(["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"], ["/v1/uploads"], is: "405 method")
        cases += lines(["PUT", "POST", "OPTIONS", "TRACE", "PROPFIND"], [openPath], is: "405 method")
        cases += lines(["PUT", "POST", "DELETE", "OPTIONS"], ["\(openPath)/manifest"], is: "405 method")
        cases += lines(
            ["PUT", "POST", "PATCH", "DELETE", "OPTIONS"], ["\(openPath)/missing", proof], is: "405 method")
        let posted = ["\(openPath)/proofs", "\(openPath)/complete", "\(openPath)/chunks"]
        cases += lines(["GET", "PUT", "PATCH", "DELETE", "OPTIONS"], posted, framesType, is: "405 method")
        cases += lines(["GET", "POST", "PATCH", "DELETE", "OPTIONS"], [chunk], is: "405 method")
        let some = ["/v1/uploads", openPath, chunk, "\(openPath)/complete"]
        cases += lines(["FROB", "get", "Put", "PATCHX"], some, is: "400 bad-framing")
        let overridden = ["X-HTTP-Method-Override": "GET"]
        cases += lines(["POST"], ["/v1/uploads"], overridden, is: "400 bad-header X-HTTP-Method-Override")
        return cases
    }

    private static var beginnings: [Case] {
        let line = "POST /v1/uploads"
        let numbers = [#""5""#, "true", "1.5", "[]", "{}", "9223372036854775808", "1e400", "0x10", "+1", "01", "NaN"]
        let broken = ["[]", "null", "{", "}", "x", "5", #""x""#, "{} x", "{'length':1}", #"{"name":"\ud800"}"#, "\0"]
        var json = broken + numbers.map { #"{"length":\#($0)}"# }
        json += [#""65536""#, "true", "65536.5", "[65536]"].map { #"{"chunkSize":\#($0)}"# }
        for member in ["name", "type", "fileId", "contentId"] {
            json += ["5", "true", "[]", "{}"].map { #"{"\#(member)":\#($0)}"# }
        }
        json += ["1", "0", #""true""#, "[]"].map { #"{"startOver":\#($0)}"# }
        json.append(#"{"x":\#(String(repeating: "[", count: 6000) + String(repeating: "]", count: 6000))}"#)
        var cases = bodies(line, is: "400 bad-body json", json)
        let notUTF8 = Array(#"{"name":""#.utf8) + [0xFF, 0x22, 0x7D]
        cases.append(Case(line: line, body: notUTF8, verdict: "400 bad-body json"))
        let lengths = ["-1", "1000000000000000", "9223372036854775807", "-9223372036854775808"]
        cases += bodies(line, is: "400 bad-body length", lengths.map { #"{"length":\#($0)}"# })
        let sizes = ["5", "0", "-65536", "65535", "65537", "32768", "98304", "33554432", "9223372036854775807"]
        cases += bodies(line, is: "400 bad-body chunkSize", sizes.map { #"{"chunkSize":\#($0)}"# })
        let names = ["", #"a\u0000"#, #"a\nb"#, #"\u007f"#, #"\u0085"#, #"a\tb"#]
        cases += bodies(line, is: "400 bad-body name", names.map { #"{"name":"\#($0)"}"# })
        let types = ["", "x", "/", "a/", "/b", "a/b/c", "a b/c", "é/b", "a/b; c=é", #"a/b\u0000"#, #"a/b\r\nX: y"#]
        cases += bodies(line, is: "400 bad-body type", types.map { #"{"type":"\#($0)"}"# })
        let fileIDs = ["", String(repeating: "a", count: 1025), String(repeating: "é", count: 513)]
        cases += bodies(line, is: "400 bad-body fileId", fileIDs.map { #"{"fileId":"\#($0)"}"# })
        cases += bodies(line, is: "400 bad-body contentId", notDigests.map { #"{"contentId":"\#($0)"}"# })
        let tooLong = ["68719476737", "999999999999999"].map { #"{"length":\#($0)}"# }
        cases += bodies(line, is: "413 too-large length", tooLong)
        let long = [#"{"name":"\#(String(repeating: "n", count: 8193))"}"#]
        let together = [#"{"name":"\#(String(repeating: "n", count: 8190))","type":"a/b"}"#]
        cases += bodies(line, is: "413 too-large metadata-length", long + together)
        cases += bodies(line, is: "413 too-large body", [String(repeating: " ", count: 16_385)])
        return cases
    }

    private static func name(
        _ path: String, _ type: [String: String] = digestsType, _ body: [UInt8] = zeros, is verdict: String
    ) -> Case {
        Case(line: "PATCH \(path)", fields: type, body: body, verdict: verdict)
    }

    private static var namings: [Case] {
        let path = "\(openPath)/manifest?index=0"
        let types = [
            "text/plain", "application/octet-stream", "application/vnd.cairn.frames", "application/vnd.cairn.manifest",
            "application/vnd.cairn.digestsx", "", "*/*",
        ]
        var cases = types.map { name(path, ["Content-Type": $0], is: "415 unsupported-media") }
        cases.append(name(path, [:], is: "415 unsupported-media"))
        var queries = ["", "?", "?index", "?Index=0", "?end=5", "?index=0&index=0", "?index=0&end=1&end=1"]
        queries += ["?index=1048577", "?index=999999999999999"]
        queries += notNumbers.flatMap { ["?index=\($0)", "?index=0&end=\($0)"] }
        cases += queries.map { name("\(openPath)/manifest\($0)", is: "400 bad-query") }
        cases += [1, 31, 33, 63, 65, 97].map { count in
            name(path, digestsType, [UInt8](repeating: 0, count: count), is: "400 bad-body digests")
        }
        let json = [
            "", "[]", "{}", "null", "{", #"{"digests":1}"#, #"{"digests":"\#(digest)"}"#, #"{"digests":null}"#,
            #"{"digests":[1]}"#, #"{"digests":[null]}"#, #"{"digests":[["\#(digest)"]]}"#, #"{"Digests":[]}"#,
            #"{"digests":{"0":"\#(digest)"}}"#, #"["\#(digest)"]"#, String(repeating: "\0", count: 32),
        ]
        cases += json.map { name(path, jsonType, Array($0.utf8), is: "400 bad-body json") }
        let texts = notDigests + [vector.digests[0].description.uppercased(), " " + String(repeating: "a", count: 63)]
        cases += texts.map { name(path, jsonType, Array(#"{"digests":["\#($0)"]}"#.utf8), is: "400 bad-body digests") }
        return cases
    }

    /// Digests that are well-formed and cannot stand there.
    private static var impossibleNames: [Case] {
        let known = vector.digests.map(\.bytes)
        let (first, zeroSecond) = (known[0] + known[1], known[0] + zeros)
        let gap = "422 manifest-invalid"
        let at = { (path: String, index: String, body: [UInt8], verdict: String) -> Case in
            name("\(path)/manifest?index=\(index)", digestsType, body, is: verdict)
        }
        var cases = ["4", "5", "100", "1048575", "1048576"].map { at(openPath, $0, zeros, gap) }
        cases.append(at(openPath, "4", [], gap))
        cases.append(at(openPath, "3", zeros + zeros, gap))
        cases.append(at(openPath, "0", known.flatMap(\.self) + zeros, gap))
        cases.append(at(openPath, "0", zeros, "409 manifest-conflict 0"))
        cases.append(at(openPath, "0", zeroSecond, "409 manifest-conflict 1"))
        cases.append(at(openPath, "2", zeros + known[3], "409 manifest-conflict 2"))
        cases.append(at(openPath, "1", known[0] + known[2], "409 manifest-conflict 1"))
        let json = Array(#"{"digests":["\#(digest)"]}"#.utf8)
        cases.append(name("\(openPath)/manifest?index=0", jsonType, json, is: "409 manifest-conflict 0"))
        for end in ["0", "1", "65536", "199999", "200001", "999999999999999"] {
            cases.append(at(openPath, "0&end=\(end)", known[0], "400 inconsistent-upload-length"))
        }
        for index in [0, 2] { cases.append(at(openPath, "\(index)&end=200000", known[index], gap)) }
        for end in [0, 1, 65_535] { cases.append(at(loosePath, "0&end=\(end)", known[0], gap)) }
        for end in [65_536, 131_073] { cases.append(at(loosePath, "0&end=\(end)", first, gap)) }
        for end in [131_072, 196_609, 400_000] { cases.append(at(loosePath, "2&end=\(end)", zeros, gap)) }
        cases.append(at(loosePath, "2&end=999999999999999", zeros, "413 too-large length"))
        for index in ["0&end=1", "2&end=131073"] { cases.append(at(loosePath, index, [], gap)) }
        cases.append(at(loosePath, "3", zeros, gap))
        cases.append(at(loosePath, "0&end=131072", zeroSecond, "409 manifest-conflict 1"))
        cases.append(at(loosePath, "0&end=100000", first, "409 manifest-conflict 1"))
        let many = [UInt8](repeating: 0, count: 8193 * 32)
        cases.append(at(loosePath, "0", many, "413 too-large body"))
        let list = [String](repeating: "\"\(digest)\"", count: 8193).joined(separator: ",")
        cases.append(name("\(loosePath)/manifest?index=0", jsonType, Array(#"{"digests":[\#(list)]}"#.utf8), is: gap))
        let blank = Array(#"{"digests":[\#(String(repeating: " ", count: 600_000))]}"#.utf8)
        cases.append(name("\(loosePath)/manifest?index=0", jsonType, blank, is: "413 too-large body"))
        for body in [known[0], []] { cases.append(at("/v1/uploads/:file", "0", body, "409 completed-upload")) }
        return cases
    }

    /// What only looks.
    private static var questions: [Case] {
        var missing = notNumbers.flatMap { ["index=\($0)", "count=\($0)"] }
        missing += ["index=1048577", "count=1048577", "count=999999999999999", "index=1&index=1", "count=1&count=1"]
        var cases = lines(["GET"], missing.map { "\(openPath)/missing?\($0)" }, is: "400 bad-query")
        var proofs = ["", "?", "?index=0&from=1", "?index", "?from", "?x=1", "?index=0&index=0", "?from=1&from=1"]
        proofs += ["?index=1", "?index=1048576", "?index=1048577", "?from=0", "?from=2", "?from=1048576"]
        proofs += notNumbers.flatMap { ["?index=\($0)", "?from=\($0)"] }
        cases += lines(["GET"], proofs.map { "/v1/files/:file/proof\($0)" }, is: "400 bad-query")
        let ofNothing = ["?index=0", "?from=1", "?from=0"].map { "/v1/files/:free/proof\($0)" }
        cases += lines(["GET"], ofNothing, is: "400 bad-query")
        var finds = notDigests.map { "content-id=\($0)" } + ["content-id=%00", "file-id=%00", "file-id=x&file-id=x"]
        finds += ["content-id=\(digest)&content-id=\(digest)", "file-id=&content-id=\(digest)"]
        finds += ["file-id=x&content-id=x", "file-id=" + String(repeating: "a", count: 1025)]
        cases += lines(["GET"], finds.map { "/v1/uploads?\($0)" }, is: "400 bad-query")
        let never = ["content-id=\(digest)", "file-id=never", "file-id=never&content-id=\(digest)"]
        cases += lines(["GET"], never.map { "/v1/uploads?\($0)" }, is: "404 unknown-upload")
        return cases
    }

    private static var proofs: [Case] {
        let line = "POST \(openPath)/proofs"
        let with = { (nonce: String, proofs: String) in #"{"nonce":"\#(nonce)","proofs":\#(proofs)}"# }
        let proof = { (index: String, hmac: String) in with(nonce, #"[{"index":\#(index),"hmac":"\#(hmac)"}]"#) }
        var json = ["", "[]", "{}", "null", "{", #"{"nonce":"\#(nonce)"}"#, #"{"proofs":[]}"#]
        json += [#"{"nonce":5,"proofs":[]}"#, #"{"nonce":null,"proofs":[]}"#]
        json += ["{}", "null", "[1]", "[{}]", #"[{"index":0}]"#, #"[{"hmac":"\#(hmac)"}]"#, #"[{"index":0,"hmac":5}]"#]
            .map { with(nonce, $0) }
        json += [#""0""#, "0.5", "99999999999999999999"].map { proof($0, hmac) }
        var cases = bodies(line, is: "400 bad-body json", json)
        let nonces = ["", "x", "AAAA", "!!!!", String(nonce.dropLast(2)), String(nonce.dropLast(4)), "AAAA" + nonce]
        cases += bodies(line, is: "400 bad-body nonce", (nonces + [" " + nonce]).map { with($0, "[]") })
        let hmacs = ["", "x", "AAAA", nonce, String(hmac.dropLast()), digest, "AAAA" + hmac]
        cases += bodies(line, is: "400 bad-body hmac", hmacs.map { proof("0", $0) })
        let indices = ["-1", "1048576", "9223372036854775807", "-9223372036854775808"]
        cases += bodies(line, is: "400 bad-body index", indices.map { proof($0, hmac) })
        cases += bodies(line, is: "422 manifest-invalid", ["3", "4", "1048575"].map { proof($0, hmac) })
        let one = #"{"index":0,"hmac":"\#(hmac)"}"#
        let many = [String](repeating: one, count: 257).joined(separator: ",")
        cases += bodies(line, is: "422 manifest-invalid", [with(nonce, "[\(many)]")])
        cases += bodies(line, is: "413 too-large body", [with(nonce, "[\(String(repeating: " ", count: 40_000))]")])
        return cases
    }

    private static var puts: [Case] {
        let (chunk, digests) = (vector.chunks[1], vector.digests)
        let line = "PUT \(openPath)/chunks/\(digests[1])"
        let codings = [
            "gzip", "br", "zstd", "deflate", "lz4, gzip", "lz4,lz4", "x-lz4", "é", "", "lz4\nContent-Encoding: lz4",
        ]
        var cases = codings.map { coding in
            Case(line: line, fields: ["Content-Encoding": coding], body: [1], verdict: "415 unsupported-encoding")
        }
        cases += ["bytes 0-2/3", "x", ""].map { range in
            Case(line: line, fields: ["Content-Range": range], body: [1], verdict: "400 bad-header Content-Range")
        }
        for (length, limit) in [("16777217", "body"), ("999999999999999", "body"), ("9999999999999999", "length")] {
            cases.append(Case(line: line, fields: ["Content-Length": length], verdict: "413 too-large \(limit)"))
        }
        let strangers = [
            "\(openPath)/chunks/\(digest)", "\(openPath)/chunks/\(digests[3])", "/v1/uploads/:file/chunks/\(digest)",
            "\(loosePath)/chunks/\(digests[2])", "/v1/uploads/:free/chunks/\(digests[0])",
        ]
        cases += strangers.map { Case(line: "PUT \($0)", body: vector.chunks[3], verdict: "409 not-in-manifest") }
        var swapped = chunk
        swapped.swapAt(0, 1)
        let others: [[UInt8]] = [
            [], [1], Array(chunk.dropLast()), Array(chunk[..<1]), vector.chunks[0], swapped,
        ]
        cases += others.map { Case(line: line, body: $0, verdict: "422 digest-mismatch") }
        let longer: [[UInt8]] = [chunk + [0], chunk + chunk]
        cases += longer.map { Case(line: line, body: $0, verdict: "400 inconsistent-upload-length") }
        return cases
    }

    /// Blocks that are none, or not of this chunk; `Chunks as LZ4 blocks` has more.
    private static var blocks: [Case] {
        let line = "PUT \(openPath)/chunks/\(vector.digests[1])"
        let coded = ["Content-Encoding": "lz4"]
        let chunk = vector.chunks[1]
        let blocks: [[UInt8]] = [
            [], [0], [1], Array(chunk.dropLast()), [UInt8](repeating: 0xFF, count: 65_535),
            [0x1F, 0x41, 1, 0] + [UInt8](repeating: 0xFF, count: 6000) + [0],
        ]
        var cases = blocks.map { Case(line: line, fields: coded, body: $0, verdict: "422 digest-mismatch") }
        cases += [chunk, [UInt8](repeating: 0xFF, count: 65_536)].map {
            Case(line: line, fields: coded, body: $0, verdict: "400 inconsistent-upload-length")
        }
        return cases
    }

    private static var frames: [Case] {
        let line = "POST \(openPath)/chunks"
        let (entry, chunk, whole) = (vector.entries[1], vector.chunks[1], 65_536)
        let types = ["text/plain", "application/vnd.cairn.digests", "application/json", "", "multipart/form-data"]
        var cases = types.map { type in
            Case(line: line, fields: ["Content-Type": type], body: vector.frame(1), verdict: "415 unsupported-media")
        }
        cases.append(Case(line: line, body: vector.frame(1), verdict: "415 unsupported-media"))
        let lengths: [(plain: Int, wire: Int, codec: UInt8)] = [
            (0, 0, 0), (0, 1, 1), (16_777_217, 16_777_217, 0), (4_294_967_295, 4_294_967_295, 0),
            (4_294_967_295, 1, 1), (whole, whole - 1, 0), (whole, whole + 1, 0), (whole, 0, 0), (whole, 0, 1),
            (whole, whole, 1), (whole, whole + 1, 1), (whole, 4_294_967_295, 1), (whole, whole, 2),
            (whole, whole, 255), (whole, 1, 3), (1, 1, 1),
        ]
        var bodies = lengths.map { CairnFrame.header(entry.digest, plain: $0.plain, wire: $0.wire, codec: $0.codec) }
        bodies += bodies.map { $0 + chunk }
        let header = CairnFrame.header(entry.digest, plain: whole, wire: whole, codec: 0)
        bodies += [[0], entry.digest.bytes, Array(header.dropLast()), header, header + Array(chunk.dropLast())]
        bodies += [[UInt8](repeating: 0, count: 41), [UInt8](repeating: 0xFF, count: 41)]
        bodies.append(Array(vector.frame(1).dropFirst()))
        cases += bodies.map { Case(line: line, fields: framesType, body: $0, verdict: "422 frame-invalid") }
        cases += [vector.frame(0), [], [0]].map { body -> Case in
            Case(
                line: "POST /v1/uploads/:file/chunks", fields: framesType, body: body, verdict: "409 completed-upload")
        }
        return cases
    }

    /// An append to `:open` at its offset, but for these fields.
    private static func append(
        to path: String = openPath, _ fields: [String: String], body: [UInt8]? = [1], is verdict: String
    ) -> Case {
        Case(
            line: "PATCH \(path)", fields: ["Upload-Offset": "65536"].merging(fields) { $1 }, body: body,
            verdict: verdict)
    }

    private static var appends: [Case] {
        let file = "/v1/uploads/:file"
        var cases = lines(["PATCH"], [openPath], is: "400 bad-header Upload-Offset")
        cases += (notCounts + ["65536\nUpload-Offset: 65536"]).map {
            append(["Upload-Offset": $0], is: "400 bad-header Upload-Offset")
        }
        cases += ["0", "1", "65535", "65537", "200000", "999999999999999"].map {
            append(["Upload-Offset": $0], is: "409 mismatching-upload-offset")
        }
        cases += (notCounts + ["200000\nUpload-Length: 200000"]).map {
            append(["Upload-Length": $0], is: "400 bad-header Upload-Length")
        }
        cases += ["0", "1", "65536", "199999", "200001", "999999999999999"].map {
            append(["Upload-Length": $0], is: "400 inconsistent-upload-length")
        }
        cases += ["134465", "999999999999999"].map {
            append(["Content-Length": $0], body: nil, is: "400 inconsistent-upload-length")
        }
        cases.append(append(["Content-Length": "9999999999999999"], body: nil, is: "413 too-large length"))
        cases.append(append(to: loosePath, ["Upload-Length": "65535"], is: "400 inconsistent-upload-length"))
        cases.append(append(to: loosePath, ["Upload-Length": "999999999999999"], is: "413 too-large length"))
        let endless = ["Content-Length": "999999999999999"]
        cases.append(append(to: loosePath, endless, body: nil, is: "413 too-large length"))
        for value in notPrefixes {
            cases.append(append(["If-Upload-Prefix": value], is: "400 bad-header If-Upload-Prefix"))
            cases.append(append(["Content-Digest": "sha-256=\(value)"], is: "400 bad-header Content-Digest"))
        }
        cases.append(append(["If-Upload-Prefix": ":\(hmac):"], is: "412 prefix-mismatch"))
        cases.append(append(["Content-Digest": "sha-256=:\(hmac):"], is: "422 digest-mismatch"))
        cases += ["gzip", "lz4", "br"].map { append(["Content-Encoding": $0], is: "415 unsupported-encoding") }
        cases.append(append(["Content-Range": "bytes 0-0/1"], is: "400 bad-header Content-Range"))
        for body in [[1], []] as [[UInt8]] {
            cases.append(append(to: file, ["Upload-Offset": "1000"], body: body, is: "409 completed-upload"))
        }
        cases += ["0", "999"].map { append(to: file, ["Upload-Offset": $0], is: "409 mismatching-upload-offset") }
        return cases
    }

    private static var completions: [Case] {
        let line = { (id: String) in "POST /v1/uploads/:\(id)/complete" }
        let json = ["[]", "null", "{", "x", "\0", #"{"contentId":5}"#, #"{"contentId":["\#(digest)"]}"#]
        let lengths = [#""5""#, "1.5", "true", "9223372036854775808"].map { #"{"length":\#($0)}"# }
        let length = { (number: String) in #"{"length":\#(number)}"# }
        let other = #"{"contentId":"\#(digest)"}"#
        var cases = bodies(line("open"), is: "400 bad-body json", json + lengths)
        cases += bodies(line("open"), is: "400 bad-body length", ["-1", "1000000000000000"].map(length))
        cases += bodies(line("open"), is: "400 bad-body contentId", notDigests.map { #"{"contentId":"\#($0)"}"# })
        let wrong = ["0", "1", "199999", "200001", "999999999999999"].map(length)
        cases += bodies(line("open"), is: "400 inconsistent-upload-length", wrong)
        let early = ["", "{}", length("200000"), other, #" {"x":1}"#]
        cases += bodies(line("open"), is: "409 upload-incomplete", early)
        cases += bodies(line("open"), is: "413 too-large body", [String(repeating: " ", count: 16_385)])
        let short = ["", length("131072"), length("999999999999999")]
        cases += bodies(line("loose"), is: "409 upload-incomplete", short)
        cases += bodies(line("loose"), is: "400 inconsistent-upload-length", ["65537", "65535", "0"].map(length))
        cases += bodies(line("free"), is: "422 file-digest-mismatch", [other])
        cases += bodies(line("free"), is: "409 upload-incomplete", [length("1")])
        cases += bodies(line("file"), is: "400 inconsistent-upload-length", ["999", "1001"].map(length))
        cases += bodies(line("file"), is: "422 file-digest-mismatch", [other])
        return cases
    }

    // MARK: What is tried

    /// A file of 1,000 bytes; an upload of which three of four entries are named and the first is there; one of unknown
    /// length with two named and the first there; one of which nothing is known; one that was cancelled.
    private static func prepare(_ server: TestServer) async throws -> [String: String] {
        let location = try #require(try await server.ask("PUT /files/kept", body: bytes(0..<1000))["location"])
        let open = try await server.begin(#"{"fileId":"open","length":200000}"#).id
        let loose = try await server.begin(#"{"fileId":"loose"}"#).id
        let free = try await server.begin(#"{"fileId":"free"}"#).id
        let gone = try await server.begin(#"{"fileId":"gone"}"#).id
        _ = try await server.ask("DELETE /v1/uploads/\(gone)")
        #expect(try await server.name(vector.digests[..<3], in: open).status == 200)
        #expect(try await server.put(vector, 0, in: open) == 65_536)
        #expect(try await server.name(vector.digests[..<2], in: loose)["upload-offset"] == "65536")
        return [":file": String(location.dropFirst(7)), ":open": open, ":loose": loose, ":free": free, ":gone": gone]
    }

    @Test func `is refused with a clear answer, and nothing changes`() async throws {
        let cases = Self.cases
        #expect(cases.count >= 900)
        try await TestServer.run { server async throws in
            let ids = try await Self.prepare(server)
            let names = ["open", "loose", "free", "gone", "never", "x", "a"]
            let before = try await server.holdings(of: names)
            for bad in cases {
                let answer = try await server.exchange(bad.message(ids))
                #expect(Self.verdict(of: answer) == bad.verdict, "\(bad.testDescription)")
                #expect(!answer.reason.isEmpty, "\(bad.testDescription)")
                let isUnchanged = try await server.holdings(of: names) == before
                #expect(isUnchanged, "\(bad.testDescription)")
            }
            #expect(try await server.missing(in: ids[":open"] ?? "") == [1, 2])
            #expect(try await server.missing(in: ids[":loose"] ?? "") == [1])
        }
    }

    /// The status, the problem's name, and what it says is wrong: a field, a part of the body, a limit, an index.
    private static func verdict(of answer: RawResponse) -> String {
        guard let problem = answer.problem else { return "\(answer.status) \(answer.reason)" }
        let named = answer.text.firstMatch(of: /"(?:field|part|limit)":"((?:\w|-)+)"/).map { String($0.1) }
        let isConflict = problem == "manifest-conflict"
        let index = isConflict ? answer.text.firstMatch(of: /"index":(\d+)/).map { String($0.1) } : nil
        return (["\(answer.status) \(problem)"] + [named, index].compactMap(\.self)).joined(separator: " ")
    }
}
