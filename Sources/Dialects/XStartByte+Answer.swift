import CairnContent
import CairnEngine
import HTTPTypes

extension XStartByte {
    package static func answer(to outcome: Outcome, for request: RequestHead) -> Answer {
        switch outcome {
        case .prefix(let upload): Answer(.ok, fields(of: upload), text: "\(upload?.offset ?? 0)")
        case .appended(let upload): Answer(.ok, fields(of: upload), text: success(upload, request))
        case .refused(let error): refusal(error, request)
        case .rejected(let error): refusal(Problem(error), offset: nil, request)
        case .created, .upload, .file, .manifest, .uploads, .cancelled, .capabilities, .health, .options, .begun,
            .native:
            preconditionFailure("X-Start-Byte asks for no such thing")
        }
    }

    /// The demo's own words for a file whose length it was told; else nothing.
    private static func success(_ upload: Upload, _ request: RequestHead) -> String {
        let isReached = upload.state == .complete && request.fields.contains(.xFileSize)
        return isReached ? "Success \(upload.offset)" : ""
    }

    private static func fields(of upload: Upload?) -> HTTPFields {
        var fields: HTTPFields = [.cacheControl: "no-store"]
        guard let upload else { return fields }
        fields[.uploadPrefix] = PrefixField(upload).description
        fields[.location] = "/files/\(upload.id)"
        return fields
    }

    /// Statuses are the demo's where it has one, and the client acts on nothing but the offset.
    private static func refusal(_ error: UploadError, _ request: RequestHead) -> Answer {
        var problem = Problem(error)
        switch error {
        case .offsetMismatch, .alreadyComplete, .unknownUpload, .gone:
            problem.status = .badRequest.saying("Wrong start byte")
            return refusal(problem, offset: error.prefix?.offset ?? 0, request)
        case .digestMismatch, .checksumMismatch: problem.status = .badRequest
        case .prefixMismatch, .lengthConflict, .tooLong, .takenOver, .bodyCut, .stalled, .stopping, .limit, .store,
            .manifestInvalid, .manifestConflict, .notInManifest, .incomplete, .contentMismatch, .frameInvalid,
            .trailer, .fileMismatch, .finalUpload, .fallen:
            break
        }
        problem.status = problem.status.saying(problem.title)
        return refusal(problem, offset: error.prefix?.offset, request)
    }

    /// The offset as text, or the problem for those who ask for it. The page shows the reason phrase and reads no body.
    private static func refusal(_ problem: Problem, offset: Int64?, _ request: RequestHead) -> Answer {
        if request.fields.accepts(Problem.mediaType) { return problem.answer(for: request.id) }
        var fields = problem.fields
        fields[.cacheControl] = "no-store"
        let reason = problem.status.reasonPhrase == "Wrong start byte" ? "Wrong start byte" : problem.title
        return Answer(problem.status.saying(reason), fields, text: offset.map(String.init) ?? "")
    }
}
