import CairnContent
import CairnDisk
import CairnEngine
import Forwarding
import NIOCore
import Synchronization

/// Which of the calls of a test has failed, and what came after it.
final class Failures: Sendable {
    private struct State {
        var count = 0
        var hasFailed = false
        var deletions = 0
    }

    private let state = Mutex(State())

    /// Whether this is the call of this number; of those after it, deletions are counted.
    func isDue(_ call: SimulatedCall, _ number: Int) -> Bool {
        state.withLock { state in
            state.count += 1
            if state.hasFailed && (call.operation == .rename || call.operation == .unlink) { state.deletions += 1 }
            guard state.count == number else { return false }
            state.hasFailed = true
            return true
        }
    }

    var hasFailed: Bool { state.withLock { $0.hasFailed } }
    var deletions: Int { state.withLock { $0.deletions } }
}

/// A ledger of which one question or commit fails.
final class FailingLedger: ForwardingLedger {
    private struct State {
        var count = 0
        var isHealed = false
        var hasFailed = false
        var onFailure: @Sendable () -> Void = {}
    }

    let base: MemoryLedger
    private let number: Int
    private let state = Mutex(State())

    init(_ base: MemoryLedger, at number: Int) {
        self.base = base
        self.number = number
    }

    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    var onFailure: @Sendable () -> Void {
        get { state.withLock { $0.onFailure } }
        set { state.withLock { $0.onFailure = newValue } }
    }

    func heal() { state.withLock { $0.isHealed = true } }

    func pass() throws(StoreError) {
        let failure: (@Sendable () -> Void)? = state.withLock { state in
            state.count += 1
            guard !state.isHealed, state.count == number else { return nil }
            state.hasFailed = true
            return state.onFailure
        }
        guard let failure else { return }
        failure()
        throw .failed("a question of the test")
    }
}

/// A store whose shelves tell only the first so many of their chunks.
struct CutStore: ForwardingStore {
    let base: DiskStore
    let count: Int

    func chunks(on shelf: Int) async throws(StoreError) -> [Digest] {
        Array(try await base.chunks(on: shelf).prefix(count))
    }
}
