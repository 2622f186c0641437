import CairnContent
import Synchronization

/// One request's right to move a prefix, until it lets go or a newer request takes over.
struct Lease: Sendable {
    /// Fires when a newer request wants the lease: finish what arrived and let go.
    let revoked: Signal
}

/// Hands out leases by the rules of `LeaseTable`.
final class Leases: Sendable {
    fileprivate struct State {
        var table = LeaseTable()
        var holders: [LeaseKey: LeaseTable.Ticket] = [:]
        var revocations: [LeaseTable.Ticket: Signal] = [:]
        var waiters: [LeaseTable.Ticket: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Runs `work` as the only holder of `key`, after taking over from whoever held it.
    ///
    /// Throws `.takenOver` when a still newer request came while this one waited.
    func hold<Value: Sendable>(
        _ key: LeaseKey, isolation: isolated (any Actor)? = #isolation,
        _ work: (Lease) async throws(UploadError) -> Value
    ) async throws(UploadError) -> Value {
        let lease = Lease(revoked: Signal())
        guard await acquire(key, lease) else { throw .takenOver }
        defer { release(key) }
        return try await work(lease)
    }

    private func acquire(_ key: LeaseKey, _ lease: Lease) async -> Bool {
        await withCheckedContinuation { continuation in
            let (answered, revoked, displaced) = state.withLock { $0.ask(key, lease, continuation) }
            displaced?.resume(returning: false)
            revoked?.fire()
            if answered { continuation.resume(returning: true) }
        }
    }

    private func release(_ key: LeaseKey) {
        let next = state.withLock { $0.release(key) }
        next?.resume(returning: true)
    }
}

extension Leases.State {
    /// Returns whether the lease is granted at once, whose to revoke, and who is sent away.
    fileprivate mutating func ask(
        _ key: LeaseKey, _ lease: Lease, _ continuation: CheckedContinuation<Bool, Never>
    ) -> (Bool, Signal?, CheckedContinuation<Bool, Never>?) {
        let (ticket, asked) = table.ask(key)
        revocations[ticket] = lease.revoked
        switch asked {
        case .granted:
            holders[key] = ticket
            return (true, nil, nil)
        case .waiting(let holder, let displaced):
            waiters[ticket] = continuation
            guard let displaced else { return (false, revocations[holder], nil) }
            revocations[displaced] = nil
            return (false, revocations[holder], waiters.removeValue(forKey: displaced))
        }
    }

    fileprivate mutating func release(_ key: LeaseKey) -> CheckedContinuation<Bool, Never>? {
        if let ticket = holders.removeValue(forKey: key) { revocations[ticket] = nil }
        guard let next = table.release(key) else { return nil }
        holders[key] = next
        return waiters.removeValue(forKey: next)
    }
}
