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
    /// Who tells what stands behind the last byte.
    var attended: (any AttendedBody)?

    /// Runs until the body ends in whatever way; what arrived is kept. Never throws away acknowledged bytes.
    func run(
        _ upload: Upload, _ writer: consuming ChunkWriter,
        body: some AsyncSequence<ByteBuffer, any Error> & Sendable, until ends: BodyEvents.Ends
    ) async -> (Upload, BodyEnd, bodyDigest: Digest?) {
        let batches = Handover<Batch>()
        let failed = Signal()
        async let committed = committer.run(upload, batches, failed: failed)
        var receiver = Receiver(
            upload, writer, into: batches, room: most - upload.offset, limits: committer.limits,
            digestsBody: append.bodyDigest != nil, algorithms: append.algorithms)

        let arrived = await BodyEvents.of(
            body, expecting: append.bodyLength, until: ends + [(.uncommitted, failed)],
            every: committer.limits.checkpoint, clock
        ) { await receive($0, &receiver) }
        let digest = receiver.bodyDigest()
        let end = arrived == .whole ? await verdict(on: receiver.checksums(), digest) : arrived
        let last = await finish(receiver, after: end)
        batches.finish()
        let result = await committed
        if let failure = result.failure { return (result.upload, .failed(failure), digest) }
        if let index = result.conflict { return (result.upload, .conflict(index: index), digest) }
        return (result.upload, last, digest)
    }

    private func receive(_ events: Handover<BodyEvent>, _ receiver: inout Receiver) async -> BodyEnd {
        var patience = Patience(committer.limits)
        do {
            for await event in events {
                switch event {
                case .bytes(let bytes):
                    patience.received(bytes.readableBytes)
                    guard try await receiver.receive(bytes) else { return .tooLong }
                case .checkpoint:
                    guard patience.holds() else { return .stalled }
                    if !committer.isWithheld { try await receiver.checkpoint() }
                case .ended(let end): return end
                }
            }
            return .cut
        } catch {
            return .failed(error)
        }
    }

    /// Whether a body that arrived whole comes to what was said of it, before and behind it.
    private func verdict(on checksums: Set<Checksum>, _ digest: Digest?) async -> BodyEnd {
        guard digest == append.bodyDigest else { return .mismatched }
        var expected = append.checksums
        if !append.announced.isEmpty {
            guard let trailer = await attended?.trailer() else { return .untold }
            expected += trailer.checksums
        }
        return checksums.isSuperset(of: expected) ? .whole : .mismatched
    }

    private func finish(_ receiver: consuming Receiver, after end: BodyEnd) async -> BodyEnd {
        if committer.isWithheld && end != .whole { return end }
        switch end {
        case .failed, .uncommitted, .conflict:
            await receiver.abandon()
            return end
        case .whole, .cut, .stalled, .takenOver, .stopping, .tooLong, .mismatched, .untold: break
        }
        do {
            try await receiver.finish(sealing: sealing(at: receiver.offset, after: end))
            return end
        } catch {
            return .failed(error)
        }
    }

    private func sealing(at offset: Int64, after end: BodyEnd) -> Upload.Length? {
        guard end != .tooLong, append.ending != .open, append.ending != .last || end == .whole else { return nil }
        if offset == declaredLength { return .declared(offset) }
        return end == .whole && declaredLength == nil ? endingLength(offset) : nil
    }
}
