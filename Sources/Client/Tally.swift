import NIOCore
import Synchronization

/// What one upload has moved so far; told by the body as it is read, asked by whoever watches for a stall.
final class Tally: Sendable {
    struct Counts: Hashable {
        /// Body bytes handed to the network.
        var sent: Int64 = 0
        /// The highest offset that the server has shown as durable.
        var acknowledged: Int64 = 0
        /// Whether the source is being waited for, so that a silence is not the network's.
        var isReading = false
    }

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    func reads() { state.withLock { $0.isReading = true } }

    func hasRead(_ length: Int) {
        state.withLock {
            $0.isReading = false
            $0.sent += Int64(length)
        }
    }

    /// Returns whether `offset` is news.
    func acknowledged(_ offset: Int64) -> Bool {
        state.withLock {
            guard offset > $0.acknowledged else { return false }
            $0.acknowledged = offset
            return true
        }
    }

    /// From here on a lower offset is news again.
    func startsOver() { state.withLock { $0.acknowledged = 0 } }
}

/// The rest of a source as the body of one request.
struct SourceBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let source: any UploadSource
    /// Read already, so that no request is begun for a stream that is still silent.
    let first: ByteBuffer
    /// Where `first` begins.
    let offset: Int64
    let tally: Tally

    func makeAsyncIterator() -> Iterator { Iterator(body: self, offset: offset) }

    struct Iterator: AsyncIteratorProtocol {
        let body: SourceBody
        var offset: Int64

        mutating func next() async throws(ClientError) -> ByteBuffer? {
            body.tally.reads()
            let part = offset == body.offset ? body.first : try await body.source.bytes(at: offset)
            body.tally.hasRead(part?.readableBytes ?? 0)
            offset += Int64(part?.readableBytes ?? 0)
            return part
        }
    }
}
