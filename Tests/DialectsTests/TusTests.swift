import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import Testing

@Suite struct `What a tus request asks for` {
    private let tus = ["Tus-Resumable": "1.0.0"]

    private func asked(
        _ method: HTTPRequest.Method, _ path: String, _ fields: [String: String]
    ) throws(RequestError) -> Command { try command(method, path, tus.merging(fields) { $1 }) }

    @Test func `creation begins an upload of a length`() throws {
        #expect(try asked(.post, "/files", ["Upload-Length": "7"]) == .begin(Beginning(declaredLength: 7)))
    }

    @Test func `a file of no bytes is appended to at once, so that it is complete`() throws {
        #expect(
            try asked(.post, "/files", ["Upload-Length": "0"])
                == .begin(Beginning(declaredLength: 0, append: Append(at: 0, bodyLength: 0))))
    }

    @Test func `a final names its parts in order, by paths or addresses`() throws {
        let concat = "final;/files/\(someID) http://a.example/x/files/\(someID)"
        #expect(
            try asked(.post, "/files", ["Upload-Concat": concat])
                == .join([someID, someID], Beginning(terms: Terms(concat: concat))))
    }

    @Test func `PATCH appends, HEAD asks, DELETE ends`() throws {
        let fields = [
            "Content-Type": "application/offset+octet-stream", "Upload-Offset": "5", "Content-Length": "3",
            "Upload-Checksum": "crc32 AAAAAA==",
        ]
        var append = Append(at: 5, bodyLength: 3)
        append.checksums = [Checksum(.crc32, [0, 0, 0, 0])!]
        #expect(try asked(.patch, file, fields) == .append(append, to: .id(someID)))
        #expect(try asked(.head, file, [:]) == .resume(.id(someID)))
        #expect(try asked(.delete, file, [:]) == .cancel(someID))
    }
}

@Suite struct `How tus is answered` {
    private func answer(_ outcome: Outcome, _ fields: [String: String] = [:]) throws -> Answer {
        Tus.answer(to: outcome, for: try head(.patch, file, fields))
    }

    @Test func `every refusal of the engine has a status, and says the version`() throws {
        let prefix = Prefix(offset: 5, digest: Digest(hashing: [UInt8]().span))
        let refusals: [(UploadError, Int)] = [
            (.unknownUpload, 404), (.gone, 410), (.offsetMismatch(prefix), 409), (.prefixMismatch(prefix), 412),
            (.lengthConflict(declared: 1, prefix), 400), (.tooLong(declared: 1, prefix), 413),
            (.alreadyComplete(prefix), 413),
            (.digestMismatch(expected: prefix.digest, actual: prefix.digest, prefix), 460),
            (.takenOver, 409), (.bodyCut(prefix), 400), (.stalled(prefix), 503), (.stopping(prefix), 503),
            (.limit(.length, 1), 413), (.limit(.metadataLength, 1), 400), (.store(.noSpace), 507),
            (.checksumMismatch(prefix), 460), (.trailer(prefix), 400), (.fileMismatch(prefix), 422),
            (.finalUpload, 403),
        ]
        for (error, status) in refusals {
            let answer = try answer(.refused(error), ["Content-Length": "5"])
            #expect(answer.head.status.code == status, "\(error)")
            #expect(answer["Tus-Resumable"] == "1.0.0" && answer["Content-Type"] == "application/problem+json")
        }
    }

    @Test func `an upload tells when it ends, in the date format of HTTP`() throws {
        var open = upload(5, declared: 10)
        for (seconds, date) in [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] {
            open.expires = Timestamp(seconds: Int64(seconds))
            #expect(try answer(.appended(open))["Upload-Expires"] == date)
        }
    }
}

@Suite struct `How resumable uploads of the IETF are answered` {
    private func answer(_ outcome: Outcome, version: Int?) throws -> Answer {
        let fields = version.map { ["Upload-Draft-Interop-Version": "\($0)"] } ?? [:]
        return IETF.answer(to: outcome, for: try head(.head, file, fields))
    }

    @Test(arguments: [(3, 404), (6, 404), (7, 410), (9, 410), (nil, 410)] as [(Int?, Int)])
    func `an upload whose bytes were lost is gone, for no offset may fall`(version: Int?, status: Int) throws {
        var fallen = upload(65_536, declared: 200_000)
        fallen.acknowledged = 65_537
        #expect(try answer(.prefix(fallen), version: version).head.status.code == status)
        #expect(try answer(.refused(.fallen(fallen.prefix)), version: version).head.status.code == status)
        fallen.acknowledged = 65_536
        #expect(try answer(.prefix(fallen), version: version).head.status.code == 204)
    }

    @Test(arguments: 3...9) func `104 tells the address first, and then offsets from version 5 on`(version: Int) throws
    {
        let head = try head(.post, "/files", ["Upload-Draft-Interop-Version": "\(version)"])
        let first = try #require(IETF.interim(upload(0), isBeginning: true, for: head))
        #expect(first.status.code == 104 && first.headerFields[.location] == "http://localhost/files/\(someID)")
        let later = IETF.interim(upload(7), isBeginning: false, for: head)
        #expect((later != nil) == (version >= 5))
        #expect(later?.headerFields[.location] == nil)
        #expect(later.map { $0.headerFields[HTTPField.Name("Upload-Offset")!] == "7" } ?? true)
    }

    @Test func `the lifetime is what is left of it`() throws {
        var open = upload(5)
        open.expires = Timestamp(seconds: 1_700_000_100)
        var request = HTTPRequest(method: .head, scheme: "http", authority: "localhost", path: file)
        request.headerFields[HTTPField.Name("Upload-Complete")!] = "?0"
        let setting = Setting(moment: Timestamp(seconds: 1_700_000_040))
        let answer = IETF.answer(to: .prefix(open), for: try RequestHead(request, in: setting))
        #expect(answer["Upload-Limit"]?.hasSuffix("max-age=60") == true)
    }
}
