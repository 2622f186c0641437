import CairnContent
import NIOCore

/// Why a request stopped bringing bytes.
enum BodyEnd: Hashable, Sendable {
    case whole, cut, stalled, takenOver, stopping, tooLong
    /// The store could not keep what arrived.
    case failed(StoreError)
    /// What arrived could not be committed; the committer knows why.
    case uncommitted
    /// What arrived is not the chunk that is named at this index.
    case conflict(index: Int)
    /// It arrived whole and does not come to what was said of it.
    case mismatched
    /// It arrived whole, without the trailer that was announced.
    case untold
}

/// What happens to a request while it brings bytes.
enum BodyEvent: Sendable {
    case bytes(ByteBuffer)
    case checkpoint
    case ended(BodyEnd)
}

/// The events of one body, in order, one at a time: whoever makes them waits until the last one was taken.
struct BodyEvents: Sendable {
    /// Why a body may end besides its own end, each told by a signal.
    typealias Ends = [(BodyEnd, Signal)]

    private let handover = Handover<BodyEvent>()

    /// Makes the events of `body` while `work` takes them; afterwards nothing of it runs any more.
    static func of<Value: Sendable>(
        _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, expecting length: Int64?, until ends: Ends,
        every interval: Duration, _ clock: any Clock<Duration>, _ work: (Handover<BodyEvent>) async -> Value
    ) async -> Value {
        let events = BodyEvents()
        return await withTaskGroup(of: Void.self, returning: Value.self) { group in
            group.addTask { await events.pass(body, expecting: length) }
            group.addTask { await events.tick(every: interval, clock) }
            for (end, signal) in ends { group.addTask { await events.end(end, when: signal) } }
            defer {
                events.handover.finish()
                group.cancelAll()
            }
            return await work(events.handover)
        }
    }

    /// How a body ends that may hold nothing: one byte is too long.
    static func endWithoutBytes(of events: Handover<BodyEvent>, _ limits: Limits) async -> BodyEnd {
        var patience = Patience(limits)
        for await event in events {
            switch event {
            case .bytes(let part): if part.readableBytes > 0 { return .tooLong }
            case .checkpoint: if !patience.holds() { return .stalled }
            case .ended(let end): return end
            }
        }
        return .cut
    }

    /// All of a short body.
    static func bytes(
        of events: Handover<BodyEvent>, upTo limit: Int, _ limits: Limits
    ) async -> Engine.Collected {
        var patience = Patience(limits)
        var bytes = ByteBuffer()
        for await event in events {
            switch event {
            case .bytes(let part):
                patience.received(part.readableBytes)
                guard bytes.readableBytes + part.readableBytes <= limit else { return .tooLong }
                bytes.writeImmutableBuffer(part)
            case .checkpoint: if !patience.holds() { return .broken }
            case .ended(.whole): return .whole(bytes)
            case .ended: return .broken
            }
        }
        return .broken
    }

    /// Passes on the body's parts; what broke it is of no account, only that it broke.
    private func pass(_ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, expecting length: Int64?) async {
        var arrived: Int64 = 0
        do {
            for try await bytes in body {
                arrived += Int64(bytes.readableBytes)
                await handover.send(.bytes(bytes))
            }
            let isWhole = !Task.isCancelled && (length ?? arrived) == arrived
            await handover.send(.ended(isWhole ? .whole : .cut))
        } catch {
            await handover.send(.ended(.cut))
        }
    }

    /// Ends the body when the signal fires.
    private func end(_ end: BodyEnd, when signal: Signal) async {
        if await signal.wait() { await handover.send(.ended(end)) }
    }

    /// Asks for a checkpoint again and again, so that slow bytes become durable too.
    private func tick(every interval: Duration, _ clock: any Clock<Duration>) async {
        while (try? await clock.sleep(for: interval)) != nil {  // a sleep throws only when it is cancelled
            await handover.send(.checkpoint)
        }
    }
}
