import AsyncAlgorithms
import CairnContent
import NIOCore

/// Why a request stopped bringing bytes.
enum BodyEnd: Hashable, Sendable {
    case whole, cut, stalled, takenOver, stopping, tooLong
    /// The store could not keep what arrived.
    case failed(StoreError)
}

/// What happens to a request while it brings bytes.
enum BodyEvent: Sendable {
    case bytes(ByteBuffer)
    case checkpoint
    case ended(BodyEnd)
}

/// The events of one body, in order, one at a time: whoever makes them waits until the last one was taken.
struct BodyEvents: Sendable {
    let channel = AsyncChannel<BodyEvent>()

    /// Passes on the body's parts; what broke it is of no account, only that it broke.
    func pass(_ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, expecting length: Int64?) async {
        var arrived: Int64 = 0
        do {
            for try await bytes in body {
                arrived += Int64(bytes.readableBytes)
                await channel.send(.bytes(bytes))
            }
            let isWhole = !Task.isCancelled && (length ?? arrived) == arrived
            await channel.send(.ended(isWhole ? .whole : .cut))
        } catch {
            await channel.send(.ended(.cut))
        }
    }

    /// Ends the body when the signal fires.
    func end(_ end: BodyEnd, when signal: Signal) async {
        if await signal.wait() { await channel.send(.ended(end)) }
    }

    /// Asks for a checkpoint again and again, so that slow bytes become durable too.
    func tick(every interval: Duration, _ clock: any Clock<Duration>) async {
        while (try? await clock.sleep(for: interval)) != nil {  // a sleep throws only when it is cancelled
            await channel.send(.checkpoint)
        }
    }
}
