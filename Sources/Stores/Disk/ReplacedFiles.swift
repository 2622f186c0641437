import CairnEngine
import NIOConcurrencyHelpers

/// Files whose names others have by now, held open for a moment.
///
/// The last one to let go of a file waits until the system has freed it, a tenth as long as it takes to keep a chunk:
/// whoever waits for a chunk to be kept must not see from the time that one stood there (spec/security.md).
final class ReplacedFiles: Sendable {
    private struct State {
        var files: [any OpenFile] = []
        var isDue = false
    }

    /// More are let go of at once; in such a crowd nobody sees anything from the time.
    private static let limit = 256
    private static var moment: Duration { .milliseconds(Int.random(in: 20...200)) }

    private let threads: BlockingThreads
    private let state = NIOLockedValueBox(State())

    init(_ threads: BlockingThreads) { self.threads = threads }

    func hold(_ file: any OpenFile) {
        state.withLock { if $0.files.count < Self.limit { $0.files.append(file) } }
    }

    /// Lets go of all in a moment. To be called whether or not there are any: to wake somebody takes time as well.
    func letGoSoon() {
        let isFirst = state.withLock { state in
            defer { state.isDue = true }
            return !state.isDue
        }
        guard isFirst else { return }
        Task { [self] in
            await Task.rest(for: Self.moment)
            // It throws where the store is closed: then the files go with this object.
            try? await threads.run { [state] in
                let files = state.withLock { state in
                    defer { state = State() }
                    return state.files
                }
                withExtendedLifetime(files) {}  // not under the lock
            }
        }
    }
}
