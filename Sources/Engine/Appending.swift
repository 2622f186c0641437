import AsyncAlgorithms
import CairnContent
import NIOCore

/// One request's body on its way into an upload: received, hashed, written, made durable, acknowledged.
///
/// Three things go on at once, each in a child task: the body arrives (`BodyEvents`), its bytes are cut and hashed
/// (`Receiver`), and batches of whole chunks become durable (`Committer`).
struct Appending: Sendable {
    let append: Append
    /// The file's length, when it was declared, in bytes.
    let declaredLength: Int64?
    /// How long the file may become, in bytes.
    let most: Int64
    /// What the file's length is once this body has arrived whole; nil when only a declared length completes it.
    let endingLength: @Sendable (Int64) -> Upload.Length?
    let committer: Committer
    let clock: any Clock<Duration>

    /// Runs until the body ends in whatever way; what arrived is kept. Never throws away acknowledged bytes.
    func run(
        _ upload: Upload, _ writer: consuming ChunkWriter,
        body: some AsyncSequence<ByteBuffer, any Error> & Sendable, until ends: [(BodyEnd, Signal)]
    ) async -> (Upload, BodyEnd, bodyDigest: Digest?) {
        let events = BodyEvents()
        let batches = AsyncChannel<Batch>()
        async let committed = committer.run(upload, batches) { await events.channel.send(.ended(.failed($0))) }
        var receiver = Receiver(
            upload, writer, into: batches, room: most - upload.offset, batchLength: committer.limits.batchLength,
            digestsBody: append.bodyDigest != nil)

        let interval = committer.limits.checkpoint
        let end = await withTaskGroup(of: Void.self, returning: BodyEnd.self) { group in
            group.addTask { await events.pass(body, expecting: append.bodyLength) }
            group.addTask { await events.tick(every: interval, clock) }
            for (end, signal) in ends { group.addTask { await events.end(end, when: signal) } }
            defer {
                events.channel.finish()
                group.cancelAll()
            }
            return await receive(events.channel, &receiver)
        }
        let digest = receiver.bodyDigest()
        let last = await finish(receiver, after: end, digest)
        batches.finish()
        let result = await committed
        return (result.upload, result.failure.map { .failed($0) } ?? last, digest)
    }

    private func receive(_ events: AsyncChannel<BodyEvent>, _ receiver: inout Receiver) async -> BodyEnd {
        var idle = 0
        let patience = Int(committer.limits.stall / committer.limits.checkpoint)
        do {
            for await event in events {
                switch event {
                case .bytes(let bytes):
                    idle = 0
                    guard try await receiver.receive(bytes) else { return .tooLong }
                case .checkpoint:
                    idle += 1
                    guard idle < patience else { return .stalled }
                    if !committer.isWithheld { try await receiver.checkpoint() }
                case .ended(let end): return end
                }
            }
            return .cut
        } catch {
            return .failed(error)
        }
    }

    private func finish(_ receiver: consuming Receiver, after end: BodyEnd, _ digest: Digest?) async -> BodyEnd {
        if committer.isWithheld && (end != .whole || digest != append.bodyDigest) { return end }
        if case .failed = end {
            await receiver.abandon()
            return end
        }
        do {
            try await receiver.finish(sealing: sealing(at: receiver.offset, after: end))
            return end
        } catch {
            return .failed(error)
        }
    }

    private func sealing(at offset: Int64, after end: BodyEnd) -> Upload.Length? {
        guard end != .tooLong else { return nil }
        if offset == declaredLength { return .declared(offset) }
        return end == .whole && declaredLength == nil ? endingLength(offset) : nil
    }
}
