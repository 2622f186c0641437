import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import Testing

@Suite struct `Downloading a file` {
    private let whole = upload(1000, .complete, name: "dir/фото.jpg", type: "image/jpeg")
    private var tag: String { "\"\(whole.contentID!)\"" }

    private func answer(_ fields: [String: String] = [:], method: HTTPRequest.Method = .get) throws -> Answer {
        IETF.answer(to: .file(whole), for: try head(method, file, fields))
    }

    @Test func `the whole file comes with all that is known of it`() throws {
        let answer = try answer()
        #expect(answer.head.status == .ok && answer.body == [.file(0..<1000)])
        #expect(answer["Content-Length"] == "1000" && answer["ETag"] == tag && answer["Accept-Ranges"] == "bytes")
        #expect(answer["Content-Type"] == "image/jpeg" && answer["X-Content-Type-Options"] == "nosniff")
        #expect(answer["Upload-Prefix"]?.hasSuffix(";offset=1000;chunk-size=65536") == true)
        let name = "inline; filename=\"____.jpg\"; filename*=UTF-8''%D1%84%D0%BE%D1%82%D0%BE.jpg"
        #expect(answer["Content-Disposition"] == name)
    }

    @Test(arguments: [
        ("text/html", "attachment"), ("image/svg+xml", "attachment"), ("application/pdf", "attachment"),
        ("text/xml", "attachment"), ("TEXT/PLAIN; charset=utf-8", "inline"), ("image/png", "inline"),
        ("video/mp4", "inline"), ("audio/ogg", "inline"), ("multipart/x-mixed-replace", "attachment"),
    ])
    func `only what runs nothing is shown`(type: String, disposition: String) throws {
        let answer = IETF.answer(to: .file(upload(10, .complete, type: type)), for: try head(.get, file))
        #expect(answer["Content-Disposition"] == disposition && answer["X-Content-Type-Options"] == "nosniff")
        #expect(answer["Content-Security-Policy"]?.contains("sandbox") == true)
    }

    @Test func `an empty file is 200 and no byte`() throws {
        let answer = IETF.answer(to: .file(upload(0, .complete)), for: try head(.get, file))
        #expect(answer.head.status == .ok && answer["Content-Length"] == "0")
        let ranged = IETF.answer(to: .file(upload(0, .complete)), for: try head(.get, file, ["Range": "bytes=0-"]))
        #expect(ranged.head.status.code == 416 && ranged["Content-Range"] == "bytes */0")
    }

    @Test(arguments: [
        ("bytes=0-0", 0..<1, "bytes 0-0/1000"), ("bytes=0-", 0..<1000, "bytes 0-999/1000"),
        ("bytes=500-", 500..<1000, "bytes 500-999/1000"), ("bytes=-1", 999..<1000, "bytes 999-999/1000"),
        ("bytes=-5000", 0..<1000, "bytes 0-999/1000"), ("bytes=10-99999", 10..<1000, "bytes 10-999/1000"),
        ("BYTES=1-2", 1..<3, "bytes 1-2/1000"), ("bytes=5-6,2000-", 5..<7, "bytes 5-6/1000"),
        ("bytes=, 3-4 ,", 3..<5, "bytes 3-4/1000"),
        ("bytes=999-99999999999999999999999", 999..<1000, "bytes 999-999/1000"),
    ])
    func `one range is a part`(range: String, expected: Range<Int>, field: String) throws {
        let answer = try answer(["Range": range])
        #expect(answer.head.status == .partialContent && answer["Content-Range"] == field)
        #expect(answer.ranges == [Int64(expected.lowerBound)..<Int64(expected.upperBound)])
        #expect(answer["Content-Length"] == "\(expected.count)")
    }

    @Test(arguments: ["bytes=1000-", "bytes=2000-3000", "bytes=-0", "bytes=99999999999999999999-"])
    func `a range outside is refused and told where the bytes end`(range: String) throws {
        let answer = try answer(["Range": range])
        #expect(answer.head.status.code == 416 && answer["Content-Range"] == "bytes */1000" && answer.ranges.isEmpty)
    }

    @Test(arguments: [
        "bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "items=0-1", "0-1", "bytes=1", "bytes=+1-2", "bytes=1-2-3",
        "bytes=0x1-2", "bytes=1.5-2", "bytes:0-1",
    ])
    func `what is no range of bytes is passed over`(range: String) throws {
        let answer = try answer(["Range": range])
        #expect(answer.head.status == .ok && answer.ranges == [0..<1000])
    }

    @Test func `several ranges come as parts that say where they belong`() throws {
        let answer = try answer(["Range": "bytes=0-1,10-19,-5"])
        #expect(answer.head.status == .partialContent && answer.ranges == [0..<2, 10..<20, 995..<1000])
        let type = try #require(answer["Content-Type"])
        let boundary = type.dropFirst("multipart/byteranges; boundary=".count)
        #expect(type.hasPrefix("multipart/byteranges; boundary=") && boundary.count == 32)
        #expect(answer["Content-Range"] == nil)
        let length = answer.body.reduce(0) { $0 + $1.length }
        #expect(answer["Content-Length"] == "\(length)")
        let part = "\r\n--\(boundary)\r\nContent-Type: image/jpeg\r\nContent-Range: bytes 10-19/1000\r\n\r\n"
        #expect(answer.text.contains(part) && answer.text.hasSuffix("\r\n--\(boundary)--\r\n"))
    }

    @Test func `sixteen ranges are served, with seventeen the whole file is`() throws {
        let ranges = (0..<17).map { "\($0 * 10)-\($0 * 10)" }
        #expect(try answer(["Range": "bytes=" + ranges.dropLast().joined(separator: ",")]).ranges.count == 16)
        #expect(try answer(["Range": "bytes=" + ranges.joined(separator: ",")]).head.status == .ok)
    }

    @Test func `ranges that together are longer than the file are not served`() throws {
        #expect(try answer(["Range": "bytes=0-,0-,0-"]).head.status == .ok)
    }

    @Test func `HEAD tells of the whole file whatever range it asks for`() throws {
        let answer = try answer(["Range": "bytes=0-1"], method: .head)
        #expect(answer.head.status == .ok && answer["Content-Length"] == "1000")
    }

    @Test func `If-Range serves the range of the same file only`() throws {
        let range = ["Range": "bytes=0-1"]
        #expect(try answer(range.with("If-Range", tag)).head.status == .partialContent)
        for other in ["\"x\"", "W/\(tag)", "Tue, 01 Jan 2030 00:00:00 GMT", ""] {
            #expect(try answer(range.with("If-Range", other)).head.status == .ok, "\(other)")
        }
    }

    @Test func `If-None-Match saves the bytes of a file that is there already`() throws {
        for list in [tag, "*", "\"x\", \(tag)", "W/\(tag)", "\"a,b\",\(tag)"] {
            let answer = try answer(["If-None-Match": list])
            #expect(answer.head.status == .notModified && answer.body.isEmpty && answer["ETag"] == tag, "\(list)")
        }
        for list in ["\"x\"", tag.filter { $0 != "\"" }, "\"", "", "W/"] {
            #expect(try answer(["If-None-Match": list]).head.status == .ok, "\(list)")
        }
    }

    @Test func `If-Match refuses another file`() throws {
        #expect(try answer(["If-Match": tag]).head.status == .ok)
        #expect(try answer(["If-Match": "*"]).head.status == .ok)
        #expect(try answer(["If-Match": "\"x\""]).head.status == .preconditionFailed)
        #expect(try answer(["If-Match": "W/\(tag)"]).head.status == .preconditionFailed)
    }
}

@Suite struct `Reading an unfinished upload` {
    private func answer(_ length: Int, _ range: String? = nil) throws -> Answer {
        var fields: [String: String] = [:]
        fields["Range"] = range
        return Native.answer(to: .file(upload(length)), for: try head(.get, "/v1" + file, fields))
    }

    @Test func `what has arrived is a part of a file whose length nobody knows`() throws {
        let answer = try answer(500)
        #expect(answer.head.status == .partialContent && answer.ranges == [0..<500])
        #expect(
            answer["Content-Range"] == "bytes 0-499/*" && answer["ETag"] == nil && answer["Cache-Control"] == "no-store"
        )
    }

    @Test func `a range is cut where the bytes end`() throws {
        #expect(try answer(500, "bytes=400-").ranges == [400..<500])
        #expect(try answer(500, "bytes=400-900").ranges == [400..<500])
    }

    @Test(arguments: ["bytes=500-", "bytes=-5"])
    func `past the end, or counted from an end that is not known, there is nothing`(range: String) throws {
        let answer = try answer(500, range)
        #expect(answer.head.status.code == 416 && answer["Content-Range"] == "bytes */500")
    }

    @Test func `an upload without a byte has nothing to read`() throws {
        let answer = try answer(0)
        #expect(answer.head.status.code == 416 && answer["Content-Range"] == "bytes */0")
    }
}

extension [String: String] {
    fileprivate func with(_ name: String, _ value: String) -> [String: String] {
        merging([name: value]) { $1 }
    }
}
