import CairnContent
import CairnEngine
import HTTPTypes

/// How bytes are given out: conditions, ranges, and the fields that go with them (RFC 9110, sections 13 and 14).
struct Download {
    let upload: Upload
    let request: RequestHead

    /// The answer to GET and HEAD of a file, or of what has arrived of one.
    static func answer(_ upload: Upload, for request: RequestHead) -> Answer {
        let download = Download(upload: upload, request: request)
        return upload.contentID.map { download.file("\($0)") } ?? download.prefix()
    }

    // MARK: A complete file

    private func file(_ tag: String) -> Answer {
        if let tags = request.fields[.ifMatch], !EntityTags(tags).containStrongly(tag) { return refusal(.precondition) }
        if let tags = request.fields[.ifNoneMatch], EntityTags(tags).contain(tag) {
            return Answer(.notModified, fields)
        }
        guard let asked = ranges(tag) else { return Answer(.ok, fields, body: [.file(0..<upload.offset)]) }
        let ranges = asked.resolved(in: upload.offset)
        switch ranges.count {
        case 0: return refusal(.range(length: upload.offset))
        case 1: return part(ranges[0], of: "\(upload.offset)")
        default: return parts(ranges)
        }
    }

    /// The ranges to serve; nil when the whole file is to be sent.
    private func ranges(_ tag: String) -> ByteRanges? {
        guard request.method == .get, let ranges = request.fields[.range].flatMap({ ByteRanges($0) }) else {
            return nil
        }
        if let condition = request.fields[.ifRange], !EntityTags(condition).isExactly(tag) { return nil }
        let total = ranges.resolved(in: upload.offset).reduce(0) { $0 + ($1.upperBound - $1.lowerBound) }
        return total > upload.offset ? nil : ranges
    }

    private func part(_ range: Range<Int64>, of length: String) -> Answer {
        var fields = fields
        fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
        return Answer(.partialContent, fields, body: [.file(range)])
    }

    /// Several ranges in one body (RFC 9110, section 14.6). The boundary is random: nobody knew it when the file was
    /// uploaded.
    private func parts(_ ranges: [Range<Int64>]) -> Answer {
        let boundary = UploadID().description
        var fields = fields
        fields[.contentType] = "multipart/byteranges; boundary=\(boundary)"
        var body: [Answer.Part] = []
        for range in ranges {
            let head = """
                \r\n--\(boundary)\r\nContent-Type: \(type)\r\n\
                Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(upload.offset)\r\n\r\n
                """
            body += [.bytes(Array(head.utf8)), .file(range)]
        }
        body.append(.bytes(Array("\r\n--\(boundary)--\r\n".utf8)))
        return Answer(.partialContent, fields, body: body)
    }

    // MARK: An unfinished upload

    /// What has arrived so far. Its length is not the file's, so it is always a part, and a range that counts from the
    /// end has no meaning yet.
    private func prefix() -> Answer {
        let asked = request.method == .get ? request.fields[.range].flatMap { ByteRanges($0) } : nil
        let specs = asked?.withoutSuffixes ?? [.from(0, through: nil)]
        guard let range = ByteRanges(specs: specs).resolved(in: upload.offset).first else {
            return refusal(.range(length: upload.offset))
        }
        return part(range, of: "*")
    }

    // MARK: Fields

    private var type: String { upload.metadata.type ?? MediaType.unknown }

    /// A stored page must not run as one of ours: unless it is a picture, sound or plain text it is an attachment; it
    /// is sniffed by nobody, and in a sandbox.
    private var fields: HTTPFields {
        var fields: HTTPFields = [
            .contentType: type,
            .contentDisposition: ContentDisposition.download(of: upload.metadata.name, as: type).description,
            .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy: "sandbox; default-src 'none'",
            .acceptRanges: "bytes",
            .cacheControl: upload.state == .complete ? "private, no-cache" : "no-store",
            .uploadPrefix: PrefixField(upload).description,
        ]
        fields[.eTag] = upload.contentID.map { "\"\($0)\"" }
        return fields
    }

    private func refusal(_ error: RequestError) -> Answer { Problem(error).answer(for: request.id) }
}
