import CairnDialects
import CairnTrust
import CairnEngine

extension UploadRoutes {
    /// Begins an upload, tells its address once it is durable, and takes the bytes that came along.
    ///
    /// Bytes that were wrong leave no upload behind; those that broke off leave one to go on with.
    func begin(_ beginning: Beginning, _ body: MeteredBody) async throws(UploadError) -> Outcome {
        let upload = try await begun(beginning)
        guard let append = beginning.append else { return .begun(upload, nil) }
        body.attendant?.begun(upload)
        do throws(UploadError) {
            return .begun(try await engine.append(append, body: body, to: upload.id, for: principal), nil)
        } catch {
            if error.spoilsBeginning {
                try? await engine.cancel(upload.id, for: principal)  // it expires by itself; the first error tells
                throw error
            }
            // Some refusals end the upload; the refusal is what is to be told.
            guard let left = try? await engine.upload(upload.id, for: principal) else { throw error }
            note(error)
            return .begun(left, error)
        }
    }

    /// One request that brings a whole file; unless all of it arrives nothing is left.
    func create(_ append: Append, _ body: MeteredBody) async throws(UploadError) -> Upload {
        guard caller.link != nil else { return try await engine.create(append, body: body, by: principal) }
        let upload = try await begun(Beginning(append.metadata, declaredLength: append.declaredLength, append: append))
        do throws(UploadError) {
            return try await engine.append(append, body: body, to: upload.id, for: principal)
        } catch {
            try? await engine.cancel(upload.id, for: principal)  // it expires by itself; the first error tells
            throw error
        }
    }

    private func begun(_ beginning: Beginning) async throws(UploadError) -> Upload {
        guard let link = caller.link else { return try await engine.begin(beginning, by: principal) }
        return try await engine.begin(beginning, under: link.key(of: principal), by: principal)
    }
}

extension UploadError {
    /// Whether nothing of a request counts, not even the upload it began.
    fileprivate var spoilsBeginning: Bool {
        switch self {
        case .digestMismatch, .checksumMismatch, .trailer, .fileMismatch, .lengthConflict, .limit: true
        case .unknownUpload, .gone, .offsetMismatch, .prefixMismatch, .tooLong, .alreadyComplete, .takenOver, .bodyCut,
            .stalled, .stopping, .store, .finalUpload, .fallen, .manifestInvalid, .manifestConflict, .notInManifest,
            .incomplete, .contentMismatch, .frameInvalid:
            false
        }
    }
}
