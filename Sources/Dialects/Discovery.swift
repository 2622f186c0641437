import CairnContent
import CairnEngine
package import HTTPTypes

/// What OPTIONS tells on `/files`: one answer for all dialects there, and for browsers (spec/http.md, "OPTIONS").
package enum Discovery: Dialect {
    package static func command(in request: RequestHead) throws(RequestError) -> Command {
        _ = try request.isCollection()
        return .options
    }

    package static func answer(to outcome: Outcome, for request: RequestHead) -> Answer {
        switch outcome {
        case .rejected(let error): return Problem(error).answer(for: request.id)
        case .refused(let error): return Problem(error).answer(for: request.id)
        case .options: break
        default: preconditionFailure("OPTIONS asks for no such thing")
        }
        let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
        return Answer(
            .noContent,
            [
                .allow: methods, .cacheControl: "no-store",
                .tusResumable: Tus.version, .tusVersion: Tus.version, .tusExtension: Tus.extensions,
                .tusMaxSize: "\(request.setting.length)",
                .tusChecksumAlgorithm: Tus.algorithms.map(\.rawValue).joined(separator: ","),
                .uploadLimit: ResumableVersion(in: request.fields).limits(request.setting, of: nil),
                .acceptPatch: "\(IETF.appendType), \(Tus.appendType)",
            ])
    }
}

/// What browsers need to let a page of another origin upload here and read what it is told (Fetch standard, "CORS").
///
/// No cookies travel with it, so any origin may be let in: what counts is who knows an upload's address.
package enum CrossOrigin {
    /// The answer to a browser that asks before it sends, on a path that listed origins share; nil when it is no such
    /// question. What may be asked at `/files` is `Discovery`'s.
    package static func preflight(_ request: RequestHead) -> Answer? {
        guard request.method == .options, request.fields.contains(.accessControlRequestMethod),
            request.path.first != "files", allowed(request) != nil
        else { return nil }
        return Answer(.noContent, [.cacheControl: "no-store"]).with(fields(for: request))
    }

    /// What the answer says who may read it; nil when no page of another origin asks, or one that may not.
    private static func allowed(_ request: RequestHead) -> String? {
        guard let origin = request.fields[.origin] else { return nil }
        switch request.setting.origins {
        case .any: return request.path.first == "files" ? "*" : nil
        case .listed(let origins): return origins.contains(origin) ? origin : nil
        }
    }

    /// The fields for an answer to `request`.
    package static func fields(for request: RequestHead) -> HTTPFields {
        let vary: HTTPFields = request.setting.origins == .any ? [:] : [.vary: "Origin"]
        guard let origin = allowed(request) else { return vary }
        var fields: HTTPFields = [
            .accessControlAllowOrigin: origin,
            .accessControlExposeHeaders: exposed.map(\.rawName).joined(separator: ", "),
        ]
        fields[.vary] = vary[.vary]
        if request.method == .options {
            fields[.accessControlAllowMethods] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
            fields[.accessControlAllowHeaders] = allowed.map(\.rawName).joined(separator: ", ")
            fields[.accessControlMaxAge] = "86400"
        }
        return fields
    }

    private static let exposed: [HTTPField.Name] = [
        .location, .eTag, .retryAfter, .uploadOffset, .uploadLength, .uploadDeferLength, .uploadMetadata, .uploadConcat,
        .uploadExpires, .uploadComplete, .uploadIncomplete, .uploadLimit, .uploadDraftInteropVersion, .uploadPrefix,
        .tusResumable, .tusVersion, .tusExtension, .tusMaxSize, .tusChecksumAlgorithm, .acceptPatch, .contentDigest,
        .reprDigest, .contentRange, .contentDisposition,
    ]

    private static let allowed: [HTTPField.Name] = [
        .authorization, .contentType, .contentDisposition, .contentDigest, .reprDigest, .wantContentDigest,
        .wantReprDigest, .range, .ifMatch, .ifNoneMatch, .ifRange, .tusResumable, .uploadOffset, .uploadLength,
        .uploadDeferLength, .uploadMetadata, .uploadConcat, .uploadChecksum, .uploadComplete, .uploadIncomplete,
        .uploadDraftInteropVersion, .ifUploadPrefix, .methodOverride, .contentEncoding, .xFileID, .xFileSize,
        .xStartByte,
    ]
}
