import CairnEngine
import NIOConcurrencyHelpers

/// Files whose names others have by now, held open for a moment.
///
/// The last one to let go of a file waits until the system has freed it, a tenth as long as it takes to keep a chunk:
/// whoever waits for a chunk to be kept must not see from the time that one stood there (spec/security.md).
final class ReplacedFiles: Sendable {
    /// More are let go of at once; in such a crowd nobody sees anything from the time.
    private static let limit = 64
    private static let milliseconds = 100...1000

    private let threads: BlockingThreads
    private let count = NIOLockedValueBox(0)

    init(_ threads: BlockingThreads) { self.threads = threads }

    func hold(_ file: any OpenFile) {
        let isHeld = count.withLock { count in
            guard count < Self.limit else { return false }
            count += 1
            return true
        }
        guard isHeld else { return }
        let held = NIOLockedValueBox<(any OpenFile)?>(file)
        Task { [self] in
            // Nobody cancels this.
            try? await Task.sleep(for: .milliseconds(Int.random(in: Self.milliseconds)))
            // Without threads the store is closed, and the task's own end lets go of it.
            try? await threads.run { held.withLock { $0 = nil } }
            count.withLock { $0 -= 1 }
        }
    }
}
