import CairnContent
import CairnEngine
import HTTPTypes

extension Tus {
    package static func answer(to outcome: Outcome, for request: RequestHead) -> Answer {
        wording(of: outcome, for: request).with([.tusResumable: version])
    }

    private static func wording(of outcome: Outcome, for request: RequestHead) -> Answer {
        switch outcome {
        case .begun(let upload, let error): begun(upload, error, request)
        case .appended(let upload): Answer(.noContent, stating(upload))
        case .prefix(let upload?): standing(upload)
        case .prefix(nil): refusal(.unknownUpload, request)
        case .file(let upload): Download.answer(upload, for: request)
        case .cancelled: Answer(.noContent)
        case .refused(let error): refusal(error, request)
        case .rejected(let error): rejection(error, request)
        case .created, .upload, .manifest, .uploads, .capabilities, .health, .options, .native:
            preconditionFailure("tus asks for no such thing")
        }
    }

    private static func begun(_ upload: Upload, _ error: UploadError?, _ request: RequestHead) -> Answer {
        var fields = stating(upload)
        fields[.location] = request.location(of: upload.id)
        guard let error else { return Answer(.created, fields) }
        return refusal(error, request).with(fields)
    }

    /// How an upload stands. A complete one says how long its download would be.
    private static func standing(_ upload: Upload) -> Answer {
        var fields = stating(upload)
        fields[.uploadMetadata] = upload.terms.metadata
        fields[.uploadConcat] = upload.terms.concat
        let length = upload.state == .complete ? upload.offset : upload.declaredLength
        fields[.uploadLength] = length.map(String.init)
        if length == nil, upload.terms.parts == nil { fields[.uploadDeferLength] = "1" }
        return Answer(.ok, fields, body: upload.state == .complete ? [.file(0..<upload.offset)] : [])
    }

    /// An upload that waits for its parts has no offset: it takes no bytes.
    private static func stating(_ upload: Upload) -> HTTPFields {
        var fields: HTTPFields = [.cacheControl: "no-store"]
        fields[.uploadExpires] = upload.state == .open ? upload.expires.map(\.httpDate) : nil
        guard upload.state == .complete || upload.terms.parts == nil else { return fields }
        fields[.uploadOffset] = "\(upload.offset)"
        fields[.uploadPrefix] = PrefixField(upload).description
        return fields
    }

    // MARK: Refusals

    private static func refusal(_ error: UploadError, _ request: RequestHead) -> Answer {
        var problem = Problem(error)
        switch error {
        case .alreadyComplete(let prefix):
            if request.isEmpty { return Answer(.noContent, stating(prefix)) }
            problem.status = .contentTooLarge
        case .tooLong: problem.status = .contentTooLarge
        case .digestMismatch, .checksumMismatch: problem.status = .checksumMismatch
        case .limit(.metadataLength, _), .manifestConflict: problem.status = .badRequest
        case .limit: problem.fields[.tusMaxSize] = "\(request.setting.length)"
        // Clients give up at a 4xx that says nothing about them, and come back after a 5xx.
        case .stalled: problem = problem.with(.retryAfter, "1").saying(.serviceUnavailable)
        case .unknownUpload, .gone, .offsetMismatch, .prefixMismatch, .lengthConflict, .takenOver, .bodyCut, .stopping,
            .store, .trailer, .fileMismatch, .finalUpload, .fallen, .manifestInvalid, .notInManifest, .incomplete,
            .contentMismatch, .frameInvalid:
            break
        }
        return problem.answer(for: request.id).with(error.prefix.map { [.uploadOffset: "\($0.offset)"] } ?? [:])
    }

    private static func rejection(_ error: RequestError, _ request: RequestHead) -> Answer {
        let answer = Problem(error).answer(for: request.id)
        guard case .length = error else { return answer }
        return answer.with([.tusMaxSize: "\(request.setting.length)"])
    }

    private static func stating(_ prefix: Prefix) -> HTTPFields {
        [
            .cacheControl: "no-store", .uploadOffset: "\(prefix.offset)",
            .uploadPrefix: PrefixField(prefix).description,
        ]
    }
}

extension Problem {
    func saying(_ status: HTTPResponse.Status) -> Problem {
        var problem = self
        problem.status = status
        return problem
    }
}

extension RequestHead {
    /// Whether the request is known to bring no bytes.
    var isEmpty: Bool { !fields.contains(.transferEncoding) && (fields[.contentLength] ?? "0") == "0" }
}

extension HTTPResponse.Status {
    /// tus's own (spec/tus.md, "Checksum").
    static let checksumMismatch = HTTPResponse.Status(code: 460, reasonPhrase: "Checksum Mismatch")
}
