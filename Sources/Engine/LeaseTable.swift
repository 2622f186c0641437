import CairnContent

/// What a lease is held on.
enum LeaseKey: Hashable, Sendable {
    case upload(UploadID)
    case name(UploadKey)
}

/// Who may move which prefix: the rules of leases, without waiting.
///
/// A key has at most one holder and at most one request that waits for it. The newest request always wins: it
/// revokes the holder, and sends away whoever waited before it.
struct LeaseTable {
    typealias Ticket = UInt64

    private struct Holding {
        var holder: Ticket
        var waiter: Ticket?
    }

    enum Asked: Equatable {
        /// Nobody holds it: go on.
        case granted
        /// Wait until the holder has let go; `displaced` waited before and is sent away.
        case waiting(revoking: Ticket, displaced: Ticket?)
    }

    private var holdings: [LeaseKey: Holding] = [:]
    private var lastTicket: Ticket = 0

    mutating func ask(_ key: LeaseKey) -> (Ticket, Asked) {
        lastTicket += 1
        guard let holding = holdings[key] else {
            holdings[key] = Holding(holder: lastTicket)
            return (lastTicket, .granted)
        }
        holdings[key]?.waiter = lastTicket
        return (lastTicket, .waiting(revoking: holding.holder, displaced: holding.waiter))
    }

    /// The holder lets go. Returns the ticket that holds the key now, if one waited.
    mutating func release(_ key: LeaseKey) -> Ticket? {
        guard let waiter = holdings[key]?.waiter else {
            holdings[key] = nil
            return nil
        }
        holdings[key] = Holding(holder: waiter)
        return waiter
    }

    var isEmpty: Bool { holdings.isEmpty }
}
