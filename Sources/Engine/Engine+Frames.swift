package import CairnContent
package import NIOCore

extension Engine {
    /// Brings several chunks in one body; a bad one spoils no other.
    ///
    /// - Returns: What became of each frame, in their order.
    package func putFrames(
        _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, bodyLength: Int64?, to id: UploadID,
        for principal: Principal
    ) async throws(UploadError) -> (upload: Upload, verdicts: [ChunkFrame.Verdict]) {
        try await shared(id, for: principal) { upload, lease throws(UploadError) in
            guard upload.state == .open else { throw .alreadyComplete(upload.prefix) }
            guard !self.stopping.hasFired else { throw .stopping(upload.prefix) }
            let frames = Frames(engine: self, upload: upload)
            let (verdicts, end, failure) = await frames.run(body, bodyLength, lease)
            let after = try await self.upload(id, for: principal)
            if let failure { throw failure.speaking(of: after.prefix) }
            if end == .tooLong { throw .limit(.frames, self.limits.framesLength) }
            _ = try after.answer(to: Append(at: 0), end, nil, self.limits)
            return (after, verdicts)
        }
    }
}

/// One body of frames on its way into an upload: while one batch of chunks is made durable the next is received.
private struct Frames: Sendable {
    let engine: Engine
    let upload: Upload

    func run(
        _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, _ length: Int64?, _ lease: Lease
    ) async -> ([ChunkFrame.Verdict], BodyEnd, UploadError?) {
        let batches = Handover<[VerifiedChunk]>()
        let failed = Signal()
        async let failure = place(batches, failed)
        var intake = FrameIntake(engine, upload, batches)
        let limits = engine.limits
        let end = await BodyEvents.of(
            body, expecting: length,
            until: [(.takenOver, lease.revoked), (.stopping, engine.stopping), (.uncommitted, failed)],
            every: limits.checkpoint, engine.clock
        ) { await intake.receive($0, limits) }
        let last = await intake.finish()
        batches.finish()
        let placed = await failure
        return (intake.verdicts, end, placed ?? last ?? intake.failure)
    }

    /// Goes on taking batches after a failure, so that whoever sends them never waits for it.
    private func place(_ batches: Handover<[VerifiedChunk]>, _ failed: Signal) async -> UploadError? {
        var failure: UploadError?
        for await batch in batches where failure == nil {
            do throws(UploadError) { try await engine.place(batch, in: upload) } catch {
                failure = error
                failed.fire()
            }
        }
        return failure
    }
}

/// Takes frames: verifies each, and sends on what is whole.
private struct FrameIntake: ~Copyable {
    private let engine: Engine
    private let upload: Upload
    private let batches: Handover<[VerifiedChunk]>
    private var reader = FrameReader()
    /// The chunk that is arriving; nil while one is passed over.
    private var receiver: ChunkReceiver?
    private var batch: [VerifiedChunk] = []
    private var batchLength = 0
    private var length: Int64 = 0
    private(set) var verdicts: [ChunkFrame.Verdict] = []
    private(set) var failure: UploadError?

    init(_ engine: Engine, _ upload: Upload, _ batches: Handover<[VerifiedChunk]>) {
        self.engine = engine
        self.upload = upload
        self.batches = batches
    }

    mutating func receive(_ events: Handover<BodyEvent>, _ limits: Limits) async -> BodyEnd {
        var patience = Patience(limits)
        for await event in events {
            switch event {
            case .bytes(let bytes):
                patience.received(bytes.readableBytes)
                length += Int64(bytes.readableBytes)
                guard length <= limits.framesLength else { return .tooLong }
                await take(bytes)
                guard failure == nil else { return .cut }
            case .checkpoint: guard patience.holds() else { return .stalled }
            case .ended(let end):
                if end == .whole && !reader.isBetweenFrames { failure = .frameInvalid(upload.prefix) }
                return end
            }
        }
        return .cut
    }

    /// Sends on what is whole; returns what was wrong with the body.
    mutating func finish() async -> UploadError? {
        await send()
        return failure
    }

    private mutating func take(_ bytes: ByteBuffer) async {
        var rest = bytes
        do throws(UploadError) {
            while let event = reader.next(in: &rest) {
                switch event {
                case .frame(let frame): try await begin(frame)
                case .bytes(let part): try await take(part: part)
                case .end: await end()
                case .invalid: throw .frameInvalid(upload.prefix)
                }
            }
        } catch { failure = error }
    }

    private mutating func begin(_ frame: ChunkFrame) async throws(UploadError) {
        let known = try await engine.standing(of: frame.entry.digest, in: upload)
        if known == nil || known?.entry != frame.entry {
            verdicts.append(.refused)
        } else if known?.isPresent == true || batch.contains(where: { $0.entry == frame.entry }) {
            verdicts.append(.had)
        } else {
            receiver = ChunkReceiver(frame.entry, frame.codec, store: engine.store, chunkSize: upload.chunkSize)
        }
    }

    private mutating func take(part: ByteBuffer) async throws(UploadError) {
        guard var current = receiver.take() else { return }
        do { _ = try await current.take(part) } catch { throw .store(error) }
        receiver = consume current
    }

    private mutating func end() async {
        guard let current = receiver.take() else { return }
        switch current.finish() {
        case .failure: verdicts.append(.wrongBytes)
        case .success(let chunk):
            verdicts.append(.kept)
            batch.append(chunk)
            batchLength += chunk.entry.length
            let limits = engine.limits
            if batchLength >= limits.batchLength || batch.count >= limits.batchCount { await send() }
        }
    }

    private mutating func send() async {
        guard !batch.isEmpty else { return }
        await batches.send(batch)
        batch = []
        batchLength = 0
    }
}
