import NIOConcurrencyHelpers
import NIOCore

/// Values from any number of tasks to one other, in order: whoever sends waits until its value is taken.
///
/// No wait is broken off when a task is cancelled: what has arrived is handed over before its request ends.
final class Handover<Value: Sendable>: AsyncSequence, Sendable {
    private struct State {
        /// Who waits for the one that takes, the first first.
        var senders = CircularBuffer<(value: Value, isTaken: Reply<Void>)>()
        /// The one that takes, when it waits for a value.
        var taker: Reply<Value?>?
        var isFinished = false

        /// Whether nobody need wait: the one that takes did, or there is none any more.
        mutating func pass(_ value: Value) -> Bool {
            guard let taker = taker.take() else { return isFinished }
            taker(value)
            return true
        }

        /// The next value, or the end; nil when it has to be waited for.
        mutating func next() -> Value?? {
            guard let sender = senders.popFirst() else { return isFinished ? .some(nil) : nil }
            sender.isTaken(())
            return sender.value
        }
    }

    private let state = NIOLockedValueBox(State())

    /// Returns when the value was taken; at once, and without it, after the end.
    func send(_ value: Value) async {
        if state.withLock({ $0.pass(value) }) { return }
        await Reply.to { isTaken in
            state.withLock { state in
                if state.pass(value) { isTaken(()) } else { state.senders.append((value, isTaken)) }
            }
        }
    }

    /// Ends the sequence and every wait; what was not taken never is.
    func finish() {
        state.withLock { state in
            state.isFinished = true
            while let sender = state.senders.popFirst() { sender.isTaken(()) }
            state.taker.take()?(nil)
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(handover: self) }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let handover: Handover

        mutating func next() async -> Value? { await handover.next() }
    }

    private func next() async -> Value? {
        if let ready = state.withLock({ $0.next() }) { return ready }
        return await Reply.to { reply in
            state.withLock { state in
                if let ready = state.next() { reply(ready) } else { state.taker = reply }
            }
        }
    }
}
