import CairnContent
package import CairnEngine
package import HTTPTypes

extension IETF {
    package static func answer(to outcome: Outcome, for request: RequestHead) -> Answer {
        let version = ResumableVersion(in: request.fields)
        let answer = wording(of: outcome, for: request, version)
        return version.isKnown ? answer.with(echo(version)) : answer
    }

    private static func wording(
        of outcome: Outcome, for request: RequestHead, _ version: ResumableVersion
    ) -> Answer {
        switch outcome {
        case .begun(let upload, let error): begun(upload, error, request, version)
        case .appended(let upload): appended(upload, request, version)
        case .prefix(let upload): standing(upload, request, version)
        case .file(let upload): file(upload, request, version)
        case .cancelled: Answer(.noContent)
        case .refused(let error): refusal(error, request, version)
        case .rejected(let error): rejection(error, request, version)
        case .created, .upload, .manifest, .uploads, .capabilities, .health, .options, .native:
            preconditionFailure("IETF resumable uploads ask for no such thing")
        }
    }

    // MARK: 104

    /// None through a proxy: nginx takes it for the final answer, Caddy gives the request up at the sixth.
    package static func interim(_ upload: Upload, isBeginning: Bool, for request: RequestHead) -> HTTPResponse? {
        if request.setting.isForwarded { return nil }
        let version = ResumableVersion(in: request.fields)
        guard isBeginning ? version.isKnown : version.tellsProgress else { return nil }
        var fields = echo(version)
        if isBeginning {
            fields[.location] = request.location(of: upload.id)
            fields[.uploadLimit] = version.tellsLimitsEarly ? version.limits(request.setting, of: upload) : nil
        } else {
            fields[.uploadOffset] = "\(upload.offset)"
        }
        return HTTPResponse(status: .uploadResumptionSupported, headerFields: fields)
    }

    private static func echo(_ version: ResumableVersion) -> HTTPFields {
        version.number.map { [.uploadDraftInteropVersion: "\($0)"] } ?? [:]
    }

    // MARK: Successes

    private static func begun(
        _ upload: Upload, _ error: UploadError?, _ request: RequestHead, _ version: ResumableVersion
    ) -> Answer {
        let place: HTTPFields = [.location: request.location(of: upload.id)]
        guard let error else { return Answer(.created, stating(upload, request, version)).with(place) }
        return refusal(error, request, version).with(place)
    }

    /// The last append is answered as the whole file would have been.
    private static func appended(_ upload: Upload, _ request: RequestHead, _ version: ResumableVersion) -> Answer {
        let fields = stating(upload, request, version)
        guard upload.state == .complete else {
            return Answer(version.answersCreated ? .created : .noContent, fields)
        }
        return Answer(.created, fields).with([.location: request.location(of: upload.id)])
    }

    private static func standing(_ upload: Upload?, _ request: RequestHead, _ version: ResumableVersion) -> Answer {
        guard let upload else { return refusal(.unknownUpload, request, version) }
        // The draft has no word for an offset that fell.
        guard upload.offset >= upload.acknowledged else { return refusal(.fallen(upload.prefix), request, version) }
        return Answer(.noContent, stating(upload, request, version))
    }

    /// A complete upload is the file. Who speaks a draft asks for the offset by HEAD and gets nothing else.
    private static func file(_ upload: Upload, _ request: RequestHead, _ version: ResumableVersion) -> Answer {
        let fields = stating(upload, request, version)
        if request.method == .head, version.number != nil { return Answer(.noContent, fields) }
        let download = Download.answer(upload, for: request)
        guard download.head.status == .ok else { return download }
        var added = fields
        added[.cacheControl] = nil
        return download.with(added)
    }

    private static func stating(_ upload: Upload, _ request: RequestHead, _ version: ResumableVersion) -> HTTPFields {
        let isComplete = upload.state == .complete
        var fields: HTTPFields = [
            .cacheControl: "no-store", .uploadOffset: "\(upload.offset)",
            .uploadPrefix: PrefixField(upload).description,
            .uploadLimit: version.limits(request.setting, of: upload),
        ]
        fields[.uploadLength] = (isComplete ? upload.offset : upload.declaredLength).map(String.init)
        fields[.eTag] = upload.contentID.map { "\"\($0)\"" }
        for field in version.completeness(isComplete) { fields[field.name] = field.value }
        return fields
    }

    // MARK: Refusals

    private static func refusal(
        _ error: UploadError, _ request: RequestHead, _ version: ResumableVersion
    ) -> Answer {
        var problem = Problem(error)
        var isComplete: Bool? = false
        switch error {
        case .unknownUpload, .gone, .fallen, .finalUpload:
            isComplete = nil
            if error != .finalUpload, version.knowsNoGone { problem.status = .notFound }
        case .offsetMismatch:
            isComplete = version.deniesCompleteness ? false : nil
            if let offset = request.fields.itemCount(.uploadOffset) {
                problem = problem.with("provided-offset", .number(offset))
            }
        case .alreadyComplete(let prefix):
            if request.isEmpty, !version.refusesRepeats { return again(prefix, request, version) }
            problem.status = .badRequest
            isComplete = true
        case .digestMismatch, .checksumMismatch, .manifestConflict: problem.status = .badRequest
        case .fileMismatch: isComplete = true
        case .limit: problem.fields[.uploadLimit] = version.limits(request.setting, of: nil)
        case .prefixMismatch, .lengthConflict, .tooLong, .takenOver, .bodyCut, .stalled, .stopping, .store, .trailer,
            .manifestInvalid, .notInManifest, .incomplete, .contentMismatch, .frameInvalid:
            break
        }
        var fields = isComplete.map(version.completeness) ?? [:]
        if isComplete != nil || version.knowsNoGone { fields[.uploadOffset] = error.prefix.map { "\($0.offset)" } }
        return problem.answer(for: request.id).with(fields)
    }

    /// The answer that ended the file, for a client that did not hear it.
    private static func again(_ prefix: Prefix, _ request: RequestHead, _ version: ResumableVersion) -> Answer {
        var fields: HTTPFields = [
            .cacheControl: "no-store", .uploadOffset: "\(prefix.offset)", .uploadLength: "\(prefix.offset)",
            .uploadPrefix: PrefixField(prefix).description, .eTag: "\"\(prefix.digest)\"",
        ]
        fields[.location] = UploadID(request.path.last ?? "").map { request.location(of: $0) }
        return Answer(.created, fields).with(version.completeness(true))
    }

    private static func rejection(
        _ error: RequestError, _ request: RequestHead, _ version: ResumableVersion
    ) -> Answer {
        let answer = Problem(error).answer(for: request.id)
        switch error {
        case .length: return answer.with([.uploadLimit: version.limits(request.setting, of: nil)])
        case .inconsistentLength: return answer.with(version.completeness(false))
        default: return answer
        }
    }
}

extension HTTPResponse.Status {
    static let uploadResumptionSupported = HTTPResponse.Status(code: 104, reasonPhrase: "Upload Resumption Supported")
}
