import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import Testing

@Suite struct `What an X-Start-Byte request asks for` {
    private let id = "photo.jpg-1000-1700000000000"

    @Test(arguments: [HTTPRequest.Method.get, .post, .head, .put, .delete, .options])
    func `status is the resumption question with any method`(method: HTTPRequest.Method) throws {
        #expect(try command(method, "/status", ["X-File-Id": id]) == .resume(.name(id)))
    }

    @Test func `status ignores a query`() throws {
        #expect(try command(.get, "/status?x=1", ["X-File-Id": id]) == .resume(.name(id)))
    }

    @Test(arguments: [[:], ["X-File-Id": ""]])
    func `status without an id names nothing`(fields: [String: String]) throws {
        #expect(try command(.get, "/status", fields) == .resume(nil))
    }

    @Test func `the unmodified client's POST is an append that its body completes`() throws {
        let fields = ["X-File-Id": id, "X-Start-Byte": "400", "Content-Length": "600", "Content-Type": "image/jpeg"]
        let append = Append(
            at: 400, bodyLength: 600, ending: .whole, metadata: Metadata(name: "photo.jpg", type: "image/jpeg"))
        #expect(try command(.post, "/upload", fields) == .append(append, to: .name(id)))
    }

    @Test func `a declared length is what completes the file`() throws {
        let fields = ["X-File-Id": id, "X-Start-Byte": "0", "X-File-Size": "1000"]
        let append = Append(at: 0, declaredLength: 1000, ending: .declared, metadata: Metadata(name: "photo.jpg"))
        #expect(try command(.post, "/upload", fields) == .append(append, to: .name(id)))
    }

    @Test(arguments: [nil, "", "0", "000"])
    func `no start byte is zero`(text: String?) throws {
        var fields = ["X-File-Id": id]
        fields["X-Start-Byte"] = text
        guard case .append(let append, _) = try command(.post, "/upload", fields) else { throw RequestError.path }
        #expect(append.offset == 0)
    }

    @Test func `the field's name wins over the id's`() throws {
        let fields = [
            "X-File-Id": id, "Content-Disposition": "attachment; filename*=UTF-8''%D1%84%D0%BE%D1%82%D0%BE.jpg",
        ]
        guard case .append(let append, _) = try command(.post, "/upload", fields) else { throw RequestError.path }
        #expect(append.metadata.name == "фото.jpg")
    }

    @Test(arguments: [
        ("%D1%84.bin-10-5", "ф.bin"), ("a-b-c.txt-10-5", "a-b-c.txt"), ("-10-5", nil), ("no shape", nil),
        ("a%00b-10-5", nil), ("a%ZZ-10-5", nil), ("x-y-5", nil), ("dir/x-1-2", "dir/x"),
    ])
    func `the name is the id's first part when the id has the page's shape`(id: String, name: String?) throws {
        guard case .append(let append, _) = try command(.post, "/upload", ["X-File-Id": id]) else {
            throw RequestError.path
        }
        #expect(append.metadata.name == name)
    }

    @Test func `an id that lost letters declares the length it states`() throws {
        let lossy = "\u{FFFD}.bin-1000-1700000000000"
        guard case .append(let append, _) = try command(.post, "/upload", ["X-File-Id": lossy]) else {
            throw RequestError.path
        }
        #expect(append.declaredLength == 1000 && append.ending == .declared)
    }

    @Test func `a prefix digest and a body digest guard the append`() throws {
        let digest = Digest(hashing: bytes(0..<10).span)
        let fields = [
            "X-File-Id": id, "If-Upload-Prefix": PrefixField(digest: digest).description,
            "Content-Digest": ContentDigestField(digest).description,
        ]
        guard case .append(let append, _) = try command(.post, "/upload", fields) else { throw RequestError.path }
        #expect(append.expectedPrefix == digest && append.bodyDigest == digest)
    }
}

@Suite struct `How X-Start-Byte requests are refused` {
    @Test(arguments: ["NaN", "-1", "1.5", "0x10", "1e3", " 5", "5 ", "5, 5", "٥", "1234567890123456", "undefined"])
    func `a start byte that is no number of 1 to 15 digits`(text: String) {
        let fields = ["X-File-Id": "a", "X-Start-Byte": text]
        // Blanks around a value are not part of it.
        guard text.trimmed == text else { return }
        #expect(refusal(.post, "/upload", fields) == .header(.xStartByte))
    }

    @Test(arguments: ["", "x", "-0", "10,10", "99999999999999999999"])
    func `a file size that is no number of 1 to 15 digits`(text: String) {
        #expect(refusal(.post, "/upload", ["X-File-Id": "a", "X-File-Size": text]) == .header(.xFileSize))
    }

    @Test func `no id, an empty one, one that is too long`() {
        #expect(refusal(.post, "/upload") == .noFileID)
        #expect(refusal(.post, "/upload", ["X-File-Id": ""]) == .noFileID)
        let long = String(repeating: "a", count: 1025)
        #expect(refusal(.post, "/upload", ["X-File-Id": long]) == .header(.xFileID))
        #expect(refusal(.get, "/status", ["X-File-Id": long]) == .header(.xFileID))
        #expect(refusal(.post, "/upload", ["X-File-Id": String(long.dropLast())]) == nil)
    }

    @Test(arguments: [HTTPRequest.Method.get, .head, .put, .patch, .delete, .options, .trace])
    func `another method than POST on upload`(method: HTTPRequest.Method) {
        #expect(refusal(method, "/upload", ["X-File-Id": "a"]) == .method([.post]))
    }

    @Test(arguments: [
        ("If-Upload-Prefix", "x"), ("If-Upload-Prefix", ":AAAA:"), ("Content-Digest", "sha-256=1"),
        ("Content-Digest", "sha-256=:AAAA:"), ("Content-Length", "-1"), ("Content-Type", "nonsense"),
        ("Content-Disposition", "attachment; filename"),
    ])
    func `a malformed field is refused by its name`(name: String, value: String) {
        #expect(refusal(.post, "/upload", ["X-File-Id": "a", name: value]) == .header(HTTPField.Name(name)!))
    }

    @Test func `a body that is not the file itself`() {
        #expect(refusal(.post, "/upload", ["X-File-Id": "a", "Content-Encoding": "gzip"]) == .contentCoding)
        let form = ["X-File-Id": "a", "Content-Type": "multipart/form-data; boundary=x"]
        #expect(refusal(.post, "/upload", form) == .mediaType)
    }
}

@Suite struct `How X-Start-Byte answers` {
    private func answer(_ outcome: Outcome, _ fields: [String: String] = [:]) throws -> Answer {
        XStartByte.answer(to: outcome, for: try head(.post, "/upload", fields))
    }

    @Test func `status is the offset in decimal, and proves it`() throws {
        let answer = try answer(.prefix(upload(200_000)))
        #expect(answer.head.status == .ok && answer.text == "200000")
        #expect(answer["Cache-Control"] == "no-store" && answer["Content-Length"] == "6")
        #expect(answer["Location"] == file)
        let vector = ":SBapMnDHMKvxDD7rdFM1HmbagU8/gtjph0ODyGG/VtQ=:;offset=200000;chunk-size=65536"
        #expect(answer["Upload-Prefix"] == vector)
    }

    @Test func `status of nothing is zero`() throws {
        let answer = try answer(.prefix(nil))
        #expect(answer.text == "0" && answer["Upload-Prefix"] == nil && answer["Location"] == nil)
    }

    @Test func `an append says nothing, or Success when the length was sent and is reached`() throws {
        let size = ["X-File-Size": "10"]
        #expect(try answer(.appended(upload(10, .complete))).text == "")
        #expect(try answer(.appended(upload(10, .complete, declared: 10)), size).text == "Success 10")
        #expect(try answer(.appended(upload(9, declared: 10)), size).text == "")
        #expect(try answer(.appended(upload(10, .complete))).head.status == .ok)
    }

    @Test func `a wrong start states the right one and its proof`() throws {
        let answer = try answer(.refused(.offsetMismatch(upload(7).prefix)))
        #expect(answer.head.status.code == 400 && answer.head.status.reasonPhrase == "Wrong start byte")
        #expect(answer.text == "7" && answer["Upload-Prefix"]?.hasSuffix(";offset=7") == true)
    }

    @Test(arguments: [UploadError.unknownUpload, .gone])
    func `what is not there starts at zero`(error: UploadError) throws {
        let answer = try answer(.refused(error))
        #expect(answer.head.status.reasonPhrase == "Wrong start byte" && answer.text == "0")
    }

    @Test func `problems come as problems to those who accept them`() throws {
        let accept = ["Accept": "text/plain, application/problem+json;q=0.5"]
        let answer = try answer(.refused(.offsetMismatch(upload(7).prefix)), accept)
        #expect(answer.head.status.code == 400 && answer["Content-Type"] == "application/problem+json")
        #expect(answer.text.contains("\"offset\":7") && answer.text.contains("mismatching-upload-offset"))
    }

    @Test func `no file id is said in the reason`() throws {
        let answer = try answer(.rejected(.noFileID))
        #expect(answer.head.status.code == 400 && answer.head.status.reasonPhrase == "No file id" && answer.text == "")
    }

    @Test func `every refusal has its status and tells how far the file is`() throws {
        let prefix = upload(7).prefix
        let digest = prefix.digest
        let cases: [(UploadError, Int, String)] = [
            (.prefixMismatch(prefix), 412, "7"), (.lengthConflict(declared: 9, prefix), 400, "7"),
            (.tooLong(declared: 9, prefix), 400, "7"), (.alreadyComplete(prefix), 400, "7"),
            (.digestMismatch(expected: digest, actual: digest, prefix), 400, "7"), (.takenOver, 409, ""),
            (.bodyCut(prefix), 400, "7"), (.stalled(prefix), 408, "7"), (.stopping(prefix), 503, "7"),
            (.limit(.length, 5), 413, ""), (.limit(.metadataLength, 5), 413, ""),
            (.store(.noSpace), 507, ""), (.store(.readOnly), 503, ""), (.store(.damaged(digest)), 503, ""),
            (.store(.failed("secret path")), 503, ""),
        ]
        for (error, status, text) in cases {
            let answer = try answer(.refused(error))
            #expect(answer.head.status.code == status && answer.text == text, "\(error)")
            #expect(!answer.head.status.reasonPhrase.isEmpty && !answer.text.contains("secret"), "\(error)")
        }
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
