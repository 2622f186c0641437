import Synchronization

/// A value that several tasks change, and for whose changes others wait.
///
/// For few waiters: each change wakes all of them, and each looks for itself.
package final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        /// Goes up with every change.
        var version = 0
        var lastWaiter = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]

        mutating func changed() -> [CheckedContinuation<Void, Never>] {
            version += 1
            defer { waiting = [:] }
            return Array(waiting.values)
        }
    }

    private let state: Mutex<State>

    package init(_ value: Value) { state = Mutex(State(value: value)) }

    /// The value as it is now.
    package var now: Value { state.withLock { $0.value } }

    /// Changes the value, and wakes whoever waits.
    @discardableResult
    package func change<Result: Sendable>(_ change: (inout Value) -> Result) -> Result {
        let (result, waiting) = state.withLock { state in
            let result = change(&state.value)
            return (result, state.changed())
        }
        for waiter in waiting { waiter.resume() }
        return result
    }

    /// What `take` gives, as soon as it gives something; it is tried anew after each change.
    ///
    /// - Throws: `cancelled`, when the task is.
    package func until<Result: Sendable>(_ take: (inout Value) -> Result?) async throws(ClientError) -> Result {
        while true {
            guard !Task.isCancelled else { throw .cancelled }
            let (result, version, waiting) = state.withLock { state in
                let result = take(&state.value)
                return (result, state.version, result == nil ? [] : state.changed())
            }
            for waiter in waiting { waiter.resume() }
            if let result { return result }
            await change(from: version)
        }
    }

    /// Returns when the value is another than at `version`, or the task is cancelled.
    private func change(from version: Int) async {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.version == version, !Task.isCancelled else { return true }
                    state.waiting[waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume()
        }
    }
}
