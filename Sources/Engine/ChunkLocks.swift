import CairnContent
import NIOConcurrencyHelpers

/// Which chunks are on their way in and which on their way out; none is ever both (spec/reclaiming.md).
///
/// A request holds its chunks from before the store looks at them until the ledger has answered; any number may hold
/// one. The collector closes chunks that nobody holds, a few at a time, and waits for nobody: so whoever holds is
/// waited for by none, and whoever waits for the collector does so no longer than one small batch takes.
final class ChunkLocks: Sendable {
    /// The most digests that are remembered as left behind; more are found by the slow walk.
    static let leftLimit = 1 << 16

    private struct Waiter {
        let digests: [Digest]
        let isHeld: Reply<Void>
    }

    private struct State {
        /// How many hold each.
        var holders: [Digest: Int] = [:]
        var closed: Set<Digest> = []
        var waiters: [Waiter] = []
        var left: Set<Digest> = []

        /// Holds all, or none when one is closed.
        mutating func hold(_ digests: [Digest]) -> Bool {
            guard closed.isEmpty || !digests.contains(where: closed.contains) else { return false }
            for digest in digests { holders[digest, default: 0] += 1 }
            return true
        }
    }

    private let state = NIOLockedValueBox(State())

    /// Returns when the chunks are held, which is at once unless some are just being removed.
    ///
    /// Not cancellable: a request that was cut keeps what it brought.
    func hold(_ digests: [Digest]) async {
        if state.withLockedValue({ $0.hold(digests) }) { return }
        await Reply.to { isHeld in
            state.withLockedValue { state in
                if state.hold(digests) {
                    isHeld(())
                } else {
                    state.waiters.append(Waiter(digests: digests, isHeld: isHeld))
                }
            }
        }
    }

    /// - Parameter areReferred: Whether the ledger refers to all of them; else they are remembered as left behind.
    func release(_ digests: [Digest], areReferred: Bool) {
        guard !digests.isEmpty else { return }
        state.withLockedValue { state in
            for digest in digests {
                let count = state.holders[digest, default: 0] - 1
                state.holders[digest] = count > 0 ? count : nil
            }
            guard !areReferred, state.left.count < Self.leftLimit else { return }
            state.left.formUnion(digests)
        }
    }

    /// Closes those of `digests` that nobody holds, and returns them.
    func close(_ digests: [Digest]) -> [Digest] {
        state.withLockedValue { state in
            let free = digests.filter { state.holders[$0] == nil && !state.closed.contains($0) }
            state.closed.formUnion(free)
            return free
        }
    }

    /// Opens what `close` returned. Those who waited hold from this moment on.
    func open(_ digests: [Digest]) {
        let waiters = state.withLockedValue { state in
            state.closed.subtract(digests)
            let waiting = state.waiters
            state.waiters = []
            return waiting.filter { waiter in
                if state.hold(waiter.digests) { return true }
                state.waiters.append(waiter)
                return false
            }
        }
        for waiter in waiters { waiter.isHeld(()) }
    }

    /// The chunks that were kept and then not referred to, as when a body was not what it was said to be.
    func takeLeft() -> Set<Digest> {
        state.withLockedValue { state in
            defer { state.left = [] }
            return state.left
        }
    }
}
