import HTTPTypes

/// Which dialect a request belongs to (spec/http.md, "Which dialect").
public enum Doors {
    /// - Throws: `unknownPath` when nothing is served there, `dialect` when the request speaks one we do not serve.
    public static func dialect(of request: RequestHead) throws(RequestError) -> any Dialect.Type {
        switch (request.path.first, request.path.count) {
        case ("status", 1), ("upload", 1): return XStartByte.self
        case ("v1", _), ("health", 1): return Native.self
        case ("files", _):
            try refuseOthers(request)
            return Plain.self
        default: throw .unknownPath
        }
    }

    /// What marks a request on `/files` as one of a dialect that is not served here.
    private static func refuseOthers(_ request: RequestHead) throws(RequestError) {
        guard request.method != .options else { return }
        let type = request.fields[.contentType].map(MediaType.essence)
        if request.fields.contains(.tusResumable) { throw .dialect("tus") }
        if ietfMarks.contains(where: request.fields.contains) || type == "application/partial-upload" {
            throw .dialect("IETF resumable uploads")
        }
        if tusMarks.contains(where: request.fields.contains) || type == "application/offset+octet-stream" {
            throw .dialect("tus")
        }
    }

    private static let ietfMarks: [HTTPField.Name] = [.uploadComplete, .uploadIncomplete, .uploadDraftInteropVersion]
    private static let tusMarks: [HTTPField.Name] = [.uploadLength, .uploadDeferLength, .uploadConcat, .uploadMetadata]
}
