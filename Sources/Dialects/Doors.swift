import HTTPTypes

/// Which dialect a request belongs to (spec/http.md, "Which dialect").
package enum Doors {
    /// - Throws: `unknownPath` when nothing is served there.
    package static func dialect(of request: RequestHead) throws(RequestError) -> any Dialect.Type {
        switch (request.path.first, request.path.count) {
        case ("status", 1), ("upload", 1): return XStartByte.self
        case ("v1", _), ("health", 1), ("health", 2): return Native.self
        case ("files", _): return files(request)
        default: throw .unknownPath
        }
    }

    /// The dialects that share `/files`, told apart by their marks; the first that matches.
    private static func files(_ request: RequestHead) -> any Dialect.Type {
        if request.method == .options { return Discovery.self }
        let type = request.fields[.contentType].map(MediaType.essence)
        if request.fields.contains(.tusResumable) { return Tus.self }
        if ietfMarks.contains(where: request.fields.contains) { return IETF.self }
        if type == IETF.appendType { return IETF.self }
        // tus that forgot its version: it is told which one there is.
        if tusMarks.contains(where: request.fields.contains) || type == Tus.appendType { return Tus.self }
        // A client of the finished standard sends no mark when it asks or ends.
        if request.path.count > 1, [.get, .head, .delete, .patch].contains(request.method) { return IETF.self }
        return Plain.self
    }

    private static let ietfMarks: [HTTPField.Name] = [.uploadComplete, .uploadIncomplete, .uploadDraftInteropVersion]
    private static let tusMarks: [HTTPField.Name] = [.uploadLength, .uploadDeferLength, .uploadConcat, .uploadMetadata]
}
