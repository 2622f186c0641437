import NIOConcurrencyHelpers

/// Something that happens at most once, and that any number of tasks can wait for.
final class Signal: Sendable {
    private struct State {
        var hasFired = false
        var nextWaiter = 0
        var waiters: [Int: Reply<Void>] = [:]
    }

    private let state = NIOLockedValueBox(State())

    var hasFired: Bool { state.withLock { $0.hasFired } }

    /// Wakes everyone who waits and whoever will.
    func fire() {
        let waiters = state.withLock { state in
            state.hasFired = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter(()) }
    }

    /// Returns true once the signal has fired, false when the task was cancelled before.
    func wait() async -> Bool {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await Reply.to { reply in
                let isOver = state.withLock { state in
                    if state.hasFired || Task.isCancelled { return true }
                    state.waiters[waiter] = reply
                    return false
                }
                // Not under the lock, which the cancellation handler takes.
                if isOver { reply(()) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?(())
        }
        return hasFired
    }
}
