import CairnClient
import CairnEngine
import NIOConcurrencyHelpers
import NIOCore

/// The measurements of one server, and the removal of what they leave there.
struct ServerTrial: Sendable {
    let remote: Remote
    let console: Console
    let length: Int64
    let time: Duration

    private static let name = "cairn-bench"
    private static let questions = 20

    /// Nil when it was interrupted; whatever comes of it, what it made is removed, or it is said where it is.
    func run() async throws(ClientError) -> ServerFigures? {
        var generator = SystemRandomNumberGenerator()
        let key = FileKey(using: &generator)
        let measured = await untilInterrupted { () async -> Result<ServerFigures, ClientError> in
            do throws(ClientError) { return .success(try await figures(key)) } catch { return .failure(error) }
        }
        await remove(key)
        guard let measured else {
            console.note("interrupted")
            return nil
        }
        return try measured.get()
    }

    private func figures(_ key: FileKey) async throws(ClientError) -> ServerFigures {
        let processor = ProcessorSpeed.measured()
        let roundTrips = try await remote.roundTrips(Self.questions)
        console.begin("upload")
        let noise = Noise(length, within: time)
        let start = ContinuousClock.now
        let receipt = try await remote.put(stream: noise.next, metadata: Metadata(name: Self.name), key: key)
        let sending = ContinuousClock.now - start
        console.begin("download")
        let (fetched, fetching) = try await fetch(receipt)
        // No more than was put, so that it takes no longer; of less, the start of a connection is too large a part.
        let dropped = min(receipt.length, 64 << 20)
        let dropping = receipt.length >= 16 << 20 ? try await remote.drop(dropped, of: noise.part) : nil
        return ServerFigures(
            processor: processor, roundTrips: roundTrips, sent: receipt.length, sending: sending, fetched: fetched,
            fetching: fetching, taking: dropping.map { ((dropped >> 20) << 20).rate(in: $0) })
    }

    private func fetch(_ receipt: Receipt) async throws(ClientError) -> (Int64, Duration) {
        let file = try await remote.describe(receipt.address.id)
        let start = ContinuousClock.now
        var fetched: Int64 = 0
        do throws(ClientError) {
            try await remote.get(receipt.address.id, file) { part throws(ClientError) in
                fetched += Int64(part.readableBytes)
                if ContinuousClock.now - start > time, fetched < file.length { throw .cancelled }
            }
        } catch .cancelled where !Task.isCancelled && fetched > 0 {
            // The time is over; what came counts.
        }
        return (fetched, ContinuousClock.now - start)
    }

    /// Not cancelled by what has cancelled the measurements.
    private func remove(_ key: FileKey) async {
        do throws(ClientError) {
            guard let left = try await remote.look(key), let id = UploadID(left.id) else { return }
            do throws(ClientError) { try await remote.remove(id) } catch {
                console.failure("\(FileAddress(server: remote.server, id: id)) could not be removed: \(error)")
            }
        } catch { console.failure("it could not be seen whether a file was left on the server: \(error)") }
    }
}

/// Bytes that nobody has seen before and that do not shrink, a part at a time, until there are enough or time is over.
private final class Noise: Sendable {
    private struct State {
        var left: Int64
        var end: ContinuousClock.Instant?
    }

    private static let partLength = 1 << 20
    let part: ByteBuffer
    private let time: Duration
    private let state: NIOLockedValueBox<State>

    init(_ length: Int64, within time: Duration) {
        self.time = time
        state = NIOLockedValueBox(State(left: length))
        var part = ByteBufferAllocator().buffer(capacity: Self.partLength)
        while part.readableBytes < Self.partLength { part.writeInteger(UInt64.random(in: .min ... .max)) }
        self.part = part
    }

    /// None at the end.
    func next() -> ByteBuffer {
        let count = state.withLock { state in
            let end = state.end ?? ContinuousClock.now + time
            state.end = end
            let count = ContinuousClock.now < end ? Int(min(state.left, Int64(Self.partLength))) : 0
            state.left -= Int64(count)
            return count
        }
        // A copy, with a beginning of its own: no chunk is like another.
        var bytes = part
        bytes.setInteger(UInt64.random(in: .min ... .max), at: bytes.readerIndex)
        return bytes.readSlice(length: count) ?? ByteBuffer()
    }
}
