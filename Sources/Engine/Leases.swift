import CairnContent
import NIOConcurrencyHelpers

/// One request's right to move a prefix, until it lets go or a newer request takes over.
struct Lease: Sendable {
    /// Fires when a newer request wants the lease: finish what arrived and let go.
    let revoked: Signal
}

/// Hands out leases by the rules of `LeaseTable`.
final class Leases: Sendable {
    fileprivate struct State {
        var table = LeaseTable()
        var revocations: [LeaseTable.Ticket: Signal] = [:]
        var waiters: [LeaseTable.Ticket: Reply<LeaseTable.Ticket?>] = [:]
    }

    private let state = NIOLockedValueBox(State())

    /// Runs `work` as a holder of `key`, after taking over from those it cannot share it with.
    ///
    /// Throws `.takenOver` when a still newer request came while this one waited.
    func hold<Value: Sendable>(
        _ key: LeaseKey, _ kind: LeaseTable.Kind = .exclusive, isolation: isolated (any Actor)? = #isolation,
        _ work: (Lease) async throws(UploadError) -> Value
    ) async throws(UploadError) -> Value {
        let lease = Lease(revoked: Signal())
        guard let ticket = await acquire(key, kind, lease) else { throw .takenOver }
        defer { release(key, ticket) }
        return try await work(lease)
    }

    /// Runs `work` as the one holder of `key`, unless `isNeedless` by the time of asking: then nobody is taken over
    /// from.
    ///
    /// Who has made it needless is past its own exclusive lease, and may hold another that is not to be revoked.
    func hold(
        _ key: LeaseKey, unless isNeedless: () -> Bool, _ work: () async throws(UploadError) -> Void
    ) async throws(UploadError) {
        let lease = Lease(revoked: Signal())
        var wasNeedless = false
        let ticket: LeaseTable.Ticket? = await Reply.to { reply in
            let asked = state.withLock { state -> (LeaseTable.Ticket?, [Signal], [State.Waiter])? in
                isNeedless() ? nil : state.ask(key, .exclusive, lease, reply)
            }
            guard let asked else {
                wasNeedless = true
                return reply(nil)
            }
            settle(asked, reply)
        }
        guard let ticket else {
            if wasNeedless { return }
            throw .takenOver
        }
        defer { release(key, ticket) }
        try await work()
    }

    private func settle(
        _ asked: (granted: LeaseTable.Ticket?, revoked: [Signal], displaced: [State.Waiter]),
        _ reply: State.Waiter
    ) {
        for waiter in asked.displaced { waiter(nil) }
        for signal in asked.revoked { signal.fire() }
        if let granted = asked.granted { reply(granted) }
    }

    private func acquire(_ key: LeaseKey, _ kind: LeaseTable.Kind, _ lease: Lease) async -> LeaseTable.Ticket? {
        await Reply.to { reply in
            settle(state.withLock { $0.ask(key, kind, lease, reply) }, reply)
        }
    }

    private func release(_ key: LeaseKey, _ ticket: LeaseTable.Ticket) {
        let next = state.withLock { $0.release(key, ticket) }
        for (waiter, ticket) in next { waiter(ticket) }
    }
}

extension Leases.State {
    fileprivate typealias Waiter = Reply<LeaseTable.Ticket?>

    /// Returns the ticket when the lease is granted at once, whose to revoke, and who is sent away.
    fileprivate mutating func ask(
        _ key: LeaseKey, _ kind: LeaseTable.Kind, _ lease: Lease, _ reply: Waiter
    ) -> (LeaseTable.Ticket?, [Signal], [Waiter]) {
        let (ticket, asked) = table.ask(key, kind)
        revocations[ticket] = lease.revoked
        switch asked {
        case .granted: return (ticket, [], [])
        case .waiting(let holders, let displaced):
            waiters[ticket] = reply
            for ticket in displaced { revocations[ticket] = nil }
            return (
                nil, holders.compactMap { revocations[$0] }, displaced.compactMap { waiters.removeValue(forKey: $0) }
            )
        }
    }

    fileprivate mutating func release(
        _ key: LeaseKey, _ ticket: LeaseTable.Ticket
    ) -> [(Waiter, LeaseTable.Ticket)] {
        revocations[ticket] = nil
        return table.release(key, ticket).compactMap { next in
            waiters.removeValue(forKey: next).map { ($0, next) }
        }
    }
}
