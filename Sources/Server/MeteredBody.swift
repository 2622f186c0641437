import Hummingbird
import NIOCore
import Synchronization

/// Counts bytes as they pass, for the log.
final class Meter: Sendable {
    private let total = Atomic<Int64>(0)

    /// In bytes.
    var length: Int64 { total.load(ordering: .relaxed) }

    func add(_ length: Int) { total.add(Int64(length), ordering: .relaxed) }
}

/// A request's body whose bytes are counted on the way.
struct MeteredBody: AsyncSequence, Sendable {
    let body: RequestBody
    let meter: Meter

    func makeAsyncIterator() -> Iterator { Iterator(base: body.makeAsyncIterator(), meter: meter) }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let meter: Meter

        mutating func next() async throws -> ByteBuffer? {
            let bytes = try await base.next()
            meter.add(bytes?.readableBytes ?? 0)
            return bytes
        }
    }
}
