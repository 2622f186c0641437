import Synchronization

/// The patience of several tasks with one server: an outage that all of them meet is one failure.
final class SharedBackoff: Sendable {
    private struct State {
        var backoff: Backoff
        /// Goes up with every pause.
        var generation = 0
        var resumes = ContinuousClock.now
    }

    private enum Step {
        case pause(Duration, isNews: Bool)
        case end
    }

    private let remote: Remote
    private let state: Mutex<State>

    init(_ remote: Remote) {
        self.remote = remote
        state = Mutex(State(backoff: Backoff(remote.policy)))
    }

    /// Something was achieved, so the count begins anew.
    func progressed() { state.withLock { $0.backoff.progressed() } }

    /// Does `work` until it succeeds, fails for good, or all have failed too often.
    ///
    /// - Parameter work: Told whether it is not the first try.
    func retrying<Result>(_ work: (Bool) async throws(Setback) -> Result) async throws(ClientError) -> Result {
        var isAgain = false
        while true {
            let generation = state.withLock { $0.generation }
            do {
                return try await work(isAgain)
            } catch {
                try await pause(after: error, since: generation)
                isAgain = true
            }
        }
    }

    private func pause(after setback: Setback, since generation: Int) async throws(ClientError) {
        switch setback {
        case .final(let error): throw error
        case .passing(let error, let wait):
            guard case .pause(let pause, let isNews) = step(asked: wait, since: generation) else { throw error }
            if isNews { remote.report(.retrying(after: pause, cause: error)) }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled }
        }
    }

    private func step(asked: Duration?, since generation: Int) -> Step {
        state.withLock { state in
            let now = ContinuousClock.now
            // Another task met the same outage, and waits already.
            guard state.generation == generation else { return .pause(max(.zero, state.resumes - now), isNews: false) }
            var generator = SystemRandomNumberGenerator()
            guard let pause = state.backoff.pause(asked: asked, using: &generator) else { return .end }
            state.generation += 1
            state.resumes = now + pause
            return .pause(pause, isNews: true)
        }
    }
}
