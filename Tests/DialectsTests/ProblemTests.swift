import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import Testing

@Suite struct `Problems` {
    private let prefix = Prefix(offset: 7, digest: Digest(hashing: bytes(0..<7).span))

    @Test func `every refusal of the engine has a status, a type and says how to go on`() {
        let digest = prefix.digest
        let cases: [(UploadError, Int, String)] = [
            (.unknownUpload, 404, "/problems/unknown-upload"), (.gone, 410, "/problems/upload-gone"),
            (.offsetMismatch(prefix), 409, "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"),
            (.prefixMismatch(prefix), 412, "/problems/prefix-mismatch"),
            (
                .lengthConflict(declared: 9, prefix), 400,
                "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"
            ),
            (
                .tooLong(declared: 9, prefix), 400,
                "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"
            ),
            (.alreadyComplete(prefix), 409, "https://iana.org/assignments/http-problem-types#completed-upload"),
            (.digestMismatch(expected: digest, actual: digest, prefix), 422, "/problems/digest-mismatch"),
            (.takenOver, 409, "/problems/taken-over"), (.bodyCut(prefix), 400, "/problems/body-cut"),
            (.stalled(prefix), 408, "/problems/stall"), (.stopping(prefix), 503, "/problems/stopping"),
            (.limit(.length, 5), 413, "/problems/too-large"), (.limit(.entries, 5), 413, "/problems/too-large"),
            (.limit(.metadataLength, 5), 413, "/problems/too-large"),
            (.store(.noSpace), 507, "/problems/no-space"), (.store(.readOnly), 503, "/problems/read-only"),
            (.store(.damaged(digest)), 503, "/problems/damaged"),
            (.store(.failed("x")), 503, "/problems/store-failed"),
        ]
        for (error, status, type) in cases {
            let problem = Problem(error)
            #expect(problem.status.code == status && problem.type == type, "\(error)")
            #expect(!problem.title.isEmpty && !problem.detail.isEmpty, "\(error)")
            let statesPrefix = problem.fields[.uploadPrefix] != nil
            #expect(statesPrefix == (error.prefix != nil), "\(error)")
        }
    }

    @Test func `a problem is a document with its members in order`() {
        let answer = Problem(UploadError.offsetMismatch(prefix)).answer(for: "r")
        let expected = """
            {"type":"https://iana.org/assignments/http-problem-types#mismatching-upload-offset","title":"Wrong offset",\
            "status":409,"detail":"Send the bytes from the offset stated here on.","instance":"r","offset":7,\
            "prefix":"\(prefix.digest)","expected-offset":7}
            """
        #expect(answer.text == expected && answer["Content-Type"] == "application/problem+json")
        #expect(answer["Content-Length"] == "\(expected.utf8.count)" && answer["Cache-Control"] == "no-store")
    }

    @Test func `every request error has a status and its fields`() {
        let cases: [(RequestError, Int, String)] = [
            (.header(.xStartByte), 400, "bad-header"), (.path, 400, "bad-path"), (.query, 400, "bad-query"),
            (.unknownPath, 404, "unknown-path"), (.hook("no"), 403, "refused-by-hook"),
            (.hookFailed, 503, "hook-failed"), (.noFileID, 400, "bad-header"), (.method([.get]), 405, "method"),
            (.mediaType, 415, "unsupported-media"), (.contentCoding, 415, "unsupported-encoding"),
            (.length(limit: 9), 413, "too-large"),
            (.expectation, 417, "expectation"), (.framing, 400, "bad-framing"),
            (.headerTooLong(limit: 9), 431, "header-too-long"), (.precondition, 412, "other-file"),
            (.range(length: 9), 416, "bad-range"),
        ]
        for (error, status, name) in cases {
            let problem = Problem(error)
            #expect(problem.status.code == status && problem.name == name, "\(error)")
        }
        #expect(Problem(RequestError.method([.get, .head])).fields[.allow] == "GET, HEAD")
        #expect(Problem(RequestError.range(length: 9)).fields[.contentRange] == "bytes */9")
    }

    @Test func `what a store says is for the log only`() {
        let text = Problem(StoreError.failed("/srv/secret")).answer(for: "r").text
        #expect(!text.contains("secret"))
    }
}

@Suite struct `JSON that is written` {
    @Test func `text is escaped so that it cannot end a string or a page`() {
        #expect(JSON.string("a\"b\\c").description == #""a\"b\\c""#)
        #expect(JSON.string("\u{0}\n\u{1F}\u{7F}").description == #""\u0000\u000a\u001f\u007f""#)
        #expect(JSON.string("</script>\u{2028}").description == #""\u003c/script>\u2028""#)
        #expect(JSON.string("фото 📷").description == "\"фото 📷\"")
    }

    @Test func `members keep their order`() {
        let value = JSON.object([("b", .number(1)), ("a", .array([.null, .bool(true), .bool(false)]))])
        #expect(value.description == #"{"b":1,"a":[null,true,false]}"#)
    }
}
