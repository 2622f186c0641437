import CairnContent
import CairnDialects
import CairnEngine

/// The end of an upload whose chunks are all there.
extension NativeUpload {
    /// Seals; sends again what the server has lost since.
    ///
    /// - Returns: The content id that both sides have computed.
    func complete() async throws(Detour) -> Digest {
        let entries = plan.now.entries
        let contentID = Run(entries).prefixDigest()
        for _ in 0..<Self.roundLimit + entries.count / UploadPlan.segmentLimit {
            let answer = try await seal(contentID)
            try answer.detour()
            guard answer.refuses(with: "upload-incomplete") else {
                try check(answer, contentID)
                return contentID
            }
            try await replace(answer)
        }
        throw .failed(.wrongBytes("it loses chunks again and again"))
    }

    private static let roundLimit = 10

    private func seal(_ contentID: Digest) async throws(Detour) -> Answer {
        do {
            try await source.confirm()
            let length = source.length ?? 0
            return try await backoff.retrying { _ throws(Setback) in
                try await requests.complete(length: length, contentID: contentID)
                    .unless("upload-incomplete", "manifest-conflict", "unknown-upload", "upload-gone")
            }
        } catch {
            throw .failed(error)
        }
    }

    private func check(_ answer: Answer, _ contentID: Digest) throws(Detour) {
        do {
            let state = try answer.decoded(as: NativeState.self)
            guard state.isComplete, state.contentId == "\(contentID)" else {
                throw ClientError.wrongBytes("the server has \(state.contentId ?? "no file") and not \(contentID)")
            }
        } catch let error as ClientError {
            throw .failed(error)
        } catch {
            throw .failed(.cancelled)
        }
    }

    private func replace(_ answer: Answer) async throws(Detour) {
        do {
            let missing = try answer.missing(of: plan.now.entries.count)
            plan.change { $0.lost(missing.indices) }
        } catch {
            throw .failed(error)
        }
        try await send(in: 0)
    }
}
