import CairnContent

/// What a lease is held on.
enum LeaseKey: Hashable, Sendable {
    case upload(UploadID)
    case name(UploadKey)
}

/// Who may move which prefix: the rules of leases, without waiting.
///
/// A key is held by one request alone, or shared by several that bring chunks in any order. The newest request always
/// wins: it revokes the holders it cannot share with, and sends away those that waited before it.
struct LeaseTable {
    typealias Ticket = UInt64

    enum Kind { case exclusive, shared }

    private struct Party {
        let kind: Kind
        var tickets: [Ticket]
    }

    private struct Holding {
        var holders: Party
        var waiters: Party?
    }

    enum Asked: Equatable {
        /// Go on.
        case granted
        /// Wait until the holders have let go; `displaced` waited before and are sent away.
        case waiting(revoking: [Ticket], displaced: [Ticket])
    }

    private var holdings: [LeaseKey: Holding] = [:]
    private var lastTicket: Ticket = 0

    mutating func ask(_ key: LeaseKey, _ kind: Kind = .exclusive) -> (Ticket, Asked) {
        lastTicket += 1
        guard var holding = holdings[key] else {
            holdings[key] = Holding(holders: Party(kind: kind, tickets: [lastTicket]))
            return (lastTicket, .granted)
        }
        defer { holdings[key] = holding }
        if kind == .shared, holding.holders.kind == .shared, holding.waiters == nil {
            holding.holders.tickets.append(lastTicket)
            return (lastTicket, .granted)
        }
        if kind == .shared, holding.waiters?.kind == .shared {
            holding.waiters?.tickets.append(lastTicket)
            return (lastTicket, .waiting(revoking: holding.holders.tickets, displaced: []))
        }
        let displaced = holding.waiters?.tickets ?? []
        holding.waiters = Party(kind: kind, tickets: [lastTicket])
        return (lastTicket, .waiting(revoking: holding.holders.tickets, displaced: displaced))
    }

    /// A holder lets go. Returns the tickets that hold the key from now on, having waited.
    mutating func release(_ key: LeaseKey, _ ticket: Ticket) -> [Ticket] {
        guard var holding = holdings[key] else { return [] }
        holding.holders.tickets.removeAll { $0 == ticket }
        guard holding.holders.tickets.isEmpty else {
            holdings[key] = holding
            return []
        }
        holdings[key] = holding.waiters.map { Holding(holders: $0) }
        return holding.waiters?.tickets ?? []
    }

    var isEmpty: Bool { holdings.isEmpty }
}
