import CairnContent
import CairnDialects
import CairnEngine
import ScriptedServer

/// What a `FakeCairn` keeps under one name.
struct FakeUpload: Sendable {
    var id = UploadID()
    var bytes: [UInt8] = []
    var name: String?
    var isComplete = false
    /// What the native protocol has named and brought.
    var named: [Digest] = []
    var chunks: [Digest: [UInt8]] = [:]
    var length: Int?
    /// What was appended behind the last whole chunk.
    var tail: [UInt8] = []

    /// The manifest of what is there.
    var manifest: Manifest {
        var chunker = Chunker(chunkSize: FakeCairn.chunkSize)
        var manifest = GrowingManifest(chunkSize: FakeCairn.chunkSize)
        do {
            try chunker.consume(bytes.span) { try manifest.append($0.entry) }
            if let last = chunker.finish() { try manifest.append(last.entry) }
        } catch {
            preconditionFailure("\(error)")
        }
        return manifest.seal()
    }

    var fields: [String: String] {
        let prefix = PrefixField(
            digest: manifest.contentID, offset: Int64(bytes.count), chunkSize: FakeCairn.chunkSize)
        return ["Upload-Prefix": "\(prefix)", "Location": "/files/\(id)"]
    }
}

extension FakeCairn.State {
    mutating func answer(to request: ScriptedRequest, isWhole: Bool) -> ScriptedAnswer {
        if isNative, let answer = native(request, isWhole: isWhole) { return answer }
        switch request.path {
        case "/v1": return ScriptedAnswer(200, text: #"{"chunkSize":\#(FakeCairn.chunkSize.length)}"#)
        case "/status":
            let upload = request["x-file-id"].flatMap { uploads[$0] }
            return ScriptedAnswer(200, upload?.fields ?? [:], text: "\(upload?.bytes.count ?? 0)")
        case "/upload": return append(request, isWhole: isWhole)
        case "/v1/uploads" where request.method == "POST": return ScriptedAnswer(405, text: "")
        case "/v1/uploads": return look(request)
        case "/v1/files": return list(request)
        default: return file(request)
        }
    }

    private mutating func append(_ request: ScriptedRequest, isWhole: Bool) -> ScriptedAnswer {
        appends.append(request.fields)
        let key = request["x-file-id"] ?? ""
        var upload = uploads[key] ?? FakeUpload()
        let start = Int(request["x-start-byte"] ?? "") ?? 0
        if start == 0, !upload.bytes.isEmpty { upload = FakeUpload() }
        guard start == upload.bytes.count else {
            return ScriptedAnswer(400, upload.fields, text: "\(upload.bytes.count)")
        }
        if let expected = request["if-upload-prefix"], PrefixField(expected)?.digest != upload.manifest.contentID {
            return ScriptedAnswer(412, upload.fields)
        }
        upload.bytes += request.body
        upload.isComplete = isWhole && (request["x-file-size"].map { $0 == "\(upload.bytes.count)" } ?? true)
        upload.name = request["content-disposition"].flatMap { ContentDisposition($0)?.fileName }
        uploads[key] = upload
        return ScriptedAnswer(200, upload.fields)
    }

    private func look(_ request: ScriptedRequest) -> ScriptedAnswer {
        let name = request.parameter("file-id").flatMap { PercentCoding.decode($0[...]) }
        guard let upload = name.flatMap({ uploads[$0] }) else { return ScriptedAnswer(404) }
        let json = """
            {"id":"\(upload.id)","state":"\(upload.isComplete ? "complete" : "open")","offset":\(upload.bytes.count),\
            "length":null,"prefix":"\(upload.manifest.contentID)","chunkSize":\(FakeCairn.chunkSize.length),"name":null}
            """
        return ScriptedAnswer(200, text: json)
    }

    /// One file a page.
    private func list(_ request: ScriptedRequest) -> ScriptedAnswer {
        let files = uploads.values.filter(\.isComplete).sorted { "\($0.id)" < "\($1.id)" }
        let after = request.query.hasPrefix("after=") ? String(request.query.dropFirst(6)) : ""
        guard let file = files.first(where: { "\($0.id)" > after }) else {
            return ScriptedAnswer(200, text: #"{"files":[]}"#)
        }
        let json = """
            {"files":[{"id":"\(file.id)","name":null,"length":\(file.bytes.count),\
            "contentId":"\(file.manifest.contentID)","created":"2026-01-01T00:00:00Z"}],"next":"\(file.id)"}
            """
        return ScriptedAnswer(200, text: json)
    }

    private mutating func file(_ request: ScriptedRequest) -> ScriptedAnswer {
        let pieces = request.path.split(separator: "/").map(String.init)
        guard pieces.count > 2, let key = uploads.first(where: { "\($0.value.id)" == pieces[2] })?.key,
            let file = uploads[key]
        else { return ScriptedAnswer(404, text: "") }
        if request.method == "DELETE" {
            uploads[key] = nil
            return ScriptedAnswer(204)
        }
        return pieces.last == "manifest" ? ScriptedAnswer(200, [:], file.manifest.bytes) : file.download(request)
    }
}

extension FakeUpload {
    fileprivate func download(_ request: ScriptedRequest) -> ScriptedAnswer {
        var fields = ["ETag": "\"\(manifest.contentID)\""]
        fields["Content-Disposition"] = name.map { "\(ContentDisposition(attachment: $0))" }
        guard let range = request["range"] else { return ScriptedAnswer(200, fields, bytes) }
        let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
        return ScriptedAnswer(206, fields, Array(bytes[ends[0]...ends[1]]))
    }
}
