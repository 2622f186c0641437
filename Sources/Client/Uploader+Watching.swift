import AsyncHTTPClient
import CairnDialects
import CairnEngine

extension Uploader {
    /// Sends one request, and watches meanwhile what arrives and whether anything still moves.
    func post(_ request: HTTPClientRequest, replacing old: UploadID?) async throws(Setback) -> Answer {
        let result = await withTaskGroup(of: Result<Answer, Setback>.self) { group in
            group.addTask { await Self.result { () async throws(Setback) in try await remote.exchange(request) } }
            group.addTask { await Self.result { () async throws(Setback) in throw await watch(ignoring: old) } }
            let first = await group.next()
            group.cancelAll()
            return first
        }
        guard let result else { throw .final(.cancelled) }
        return try result.get().successful()
    }

    private static func result<Value>(
        _ work: () async throws(Setback) -> Value
    ) async -> Result<Value, Setback> {
        do { return .success(try await work()) } catch { return .failure(error) }
    }

    /// Looks about once a second how far the server is, and returns when nothing has moved for too long.
    ///
    /// - Parameter old: An upload that is being replaced; what it has is not progress of this one.
    private func watch(ignoring old: UploadID?) async -> Setback {
        let clock = ContinuousClock()
        var last = tally.counts
        var moved = clock.now
        while true {
            do {
                try await Task.sleep(for: min(.seconds(1), remote.policy.stall / 4))
            } catch {
                return .final(.cancelled)
            }
            await look(ignoring: old)
            let counts = tally.counts
            if counts != last || counts.isReading { moved = clock.now }
            last = counts
            guard clock.now - moved < remote.policy.stall else {
                return .passing(.unavailable(cause: "nothing moved for \(remote.policy.stall)"), wait: nil)
            }
        }
    }

    private func look(ignoring old: UploadID?) async {
        // A look that fails tells nothing; the request itself will show what is wrong.
        guard let state = try? await remote.look(key), state.id != old?.description,
            tally.acknowledged(state.offset)
        else { return }
        remote.report(.acknowledged(offset: state.offset, of: await source.length))
    }
}
