import CairnTrust
import Hummingbird
import NIOCore
import Synchronization

/// Counts bytes as they pass, for the log.
final class Meter: Sendable {
    private let total = Atomic<Int64>(0)
    private let isOpen = Atomic<Bool>(false)

    /// In bytes.
    var length: Int64 { total.load(ordering: .relaxed) }

    func add(_ length: Int) { total.add(Int64(length), ordering: .relaxed) }

    /// Whether reading has begun and the end was not met.
    var isBrokenOff: Bool { isOpen.load(ordering: .relaxed) }

    fileprivate func note(_ bytes: ByteBuffer?) {
        isOpen.store(bytes != nil, ordering: .relaxed)
        add(bytes?.readableBytes ?? 0)
    }
}

/// A request's body whose bytes are counted on the way.
struct MeteredBody: AsyncSequence, Sendable {
    let body: RequestBody
    let meter: Meter
    /// Ends the body when the token it came with counts no more.
    let presence: Presence?
    /// Slows the body down to what its principal may bring.
    let pace: Pacing?
    /// Ends it when there is more of it than may be.
    let gauge: Gauge?
    /// Who hears of progress, when the connection can tell the client.
    var attendant: Attendant?

    func makeAsyncIterator() -> Iterator {
        Iterator(base: body.makeAsyncIterator(), meter: meter, presence: presence, pace: pace, gauge: gauge)
    }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let meter: Meter
        let presence: Presence?
        let pace: Pacing?
        let gauge: Gauge?

        mutating func next() async throws -> ByteBuffer? {
            let bytes = try await base.next()
            if let presence, presence.isCut, bytes != nil { throw Revoked() }
            meter.note(bytes)
            if let gauge { try gauge.add(bytes?.readableBytes ?? 0) }
            if let pace { try await pace.wait(bytes?.readableBytes ?? 0) }
            return bytes
        }
    }
}

/// The rate of one principal.
struct Pacing: Sendable {
    let account: Account
    /// In bytes a second.
    let rate: Int64

    /// Waits as long as bytes that came are ahead of their time. So the client is slowed, and none of it is refused.
    func wait(_ length: Int) async throws {
        let delay = account.delay(length, at: rate)
        if delay > .zero { try await Task.sleep(for: delay) }
    }
}

/// The most bytes that a file may have, of whose body the length may not be told.
final class Gauge: Sendable {
    struct Over: Error {}

    /// In bytes.
    let limit: Int64
    /// The offset that the body has come to; far below zero for bodies that are no part of a file as they stand.
    private let total = Atomic<Int64>(Int64.min / 2)

    init(limit: Int64) { self.limit = limit }

    var isOver: Bool { total.load(ordering: .relaxed) > limit }

    /// The body is appended from `offset` on.
    func begin(at offset: Int64) { total.store(offset, ordering: .relaxed) }

    func add(_ length: Int) throws {
        if total.add(Int64(length), ordering: .relaxed).newValue > limit { throw Over() }
    }
}

extension Caller {
    var pace: Pacing? {
        guard let account, let rate = token?.allowance.rate else { return nil }
        return Pacing(account: account, rate: rate)
    }
}
