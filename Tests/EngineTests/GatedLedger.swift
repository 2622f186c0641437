import CairnContent
import CairnEngine
import Forwarding
import Synchronization

/// A ledger whose commits of one kind wait at a gate while it is closed.
final class GatedLedger: ForwardingLedger {
    private struct State {
        var isClosed = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let base: MemoryLedger
    private let isMeant: @Sendable (LedgerChange) -> Bool
    private let state = Mutex(State())

    init(_ base: MemoryLedger, _ isMeant: @escaping @Sendable (LedgerChange) -> Bool) {
        self.base = base
        self.isMeant = isMeant
    }

    func close() { state.withLock { $0.isClosed = true } }

    func open() {
        let waiting = state.withLock { state in
            defer { state = State() }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when a commit waits at the gate.
    func arrival() async {
        while state.withLock({ $0.waiting.isEmpty }) { await Task.yield() }
    }

    func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        if changes.contains(where: isMeant) { await wait() }
        try await base.commit(changes)
    }

    private func wait() async {
        await withCheckedContinuation { continuation in
            let passes = state.withLock { state in
                if state.isClosed { state.waiting.append(continuation) }
                return !state.isClosed
            }
            if passes { continuation.resume() }
        }
    }
}
