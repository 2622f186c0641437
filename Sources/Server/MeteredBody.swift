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
    /// Who hears of progress, when the connection can tell the client.
    var attendant: Attendant?

    func makeAsyncIterator() -> Iterator { Iterator(base: body.makeAsyncIterator(), meter: meter, presence: presence) }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let meter: Meter
        let presence: Presence?

        mutating func next() async throws -> ByteBuffer? {
            let bytes = try await base.next()
            if let presence, presence.isCut, bytes != nil { throw Revoked() }
            meter.note(bytes)
            return bytes
        }
    }
}
