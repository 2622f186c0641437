package import CairnContent
package import NIOCore

/// One chunk as a client brings it.
package struct Put: Hashable, Sendable {
    package var digest: Digest
    package var codec: ChunkFrame.Codec
    /// The body's length in bytes, when it is known before it arrives.
    package var bodyLength: Int64?
    /// SHA-256 over the body as it travels, when the client says it.
    package var bodyDigest: Digest?

    package init(
        _ digest: Digest, codec: ChunkFrame.Codec = .plain, bodyLength: Int64? = nil, bodyDigest: Digest? = nil
    ) {
        self.digest = digest
        self.codec = codec
        self.bodyLength = bodyLength
        self.bodyDigest = bodyDigest
    }
}

/// Chunks in any order, over any number of connections.
extension Engine {
    /// Brings one chunk that the upload names.
    ///
    /// One that it has is answered before `body` is read.
    /// - Returns: The upload, and whether it had the chunk before.
    package func put(
        _ put: Put, body: some AsyncSequence<ByteBuffer, any Error> & Sendable, to id: UploadID,
        for principal: Principal
    ) async throws(UploadError) -> (upload: Upload, wasThere: Bool) {
        try await shared(id, for: principal) { upload, lease throws(UploadError) in
            guard let known = try await self.standing(of: put.digest, in: upload) else {
                throw .notInManifest(upload.prefix)
            }
            if known.isPresent { return (upload, true) }
            if let length = put.bodyLength, length > Int64(known.entry.length) {
                throw .tooLong(declared: Int64(known.entry.length), upload.prefix)
            }
            guard !self.stopping.hasFired else { throw .stopping(upload.prefix) }
            let chunk = try await self.receive(put, known.entry, body, into: upload, lease)
            try await self.place([chunk], in: upload)
            return (try await self.upload(id, for: principal), false)
        }
    }

    func standing(of digest: Digest, in upload: Upload) async throws(UploadError) -> KnownEntry? {
        do { return try await ledger.standing(of: digest, in: upload.id) } catch { throw .store(error) }
    }

    private func receive(
        _ put: Put, _ entry: Entry, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable,
        into upload: Upload, _ lease: Lease
    ) async throws(UploadError) -> VerifiedChunk {
        var receiver = ChunkReceiver(
            entry, put.codec, store: store, chunkSize: upload.chunkSize, bodyDigest: put.bodyDigest)
        let limits = limits
        let end = await BodyEvents.of(
            body, expecting: put.bodyLength, until: [(.takenOver, lease.revoked), (.stopping, stopping)],
            every: limits.checkpoint, clock
        ) { await receiver.receive($0, limits) }
        if end == .tooLong { throw .tooLong(declared: Int64(entry.length), upload.prefix) }
        if end != .whole { _ = try upload.answer(to: Append(at: 0), end, nil, limits) }
        switch receiver.finish() {
        case .success(let chunk): return chunk
        case .failure(let wrong):
            throw .digestMismatch(expected: entry.digest, actual: wrong.actual, upload.prefix)
        }
    }

    /// Makes chunks durable, then refers to them.
    func place(_ chunks: [VerifiedChunk], in upload: Upload) async throws(UploadError) {
        let before = upload.tail?.name
        let digests = chunks.map(\.entry.digest)
        await locks.hold(digests)
        var areReferred = false
        defer { locks.release(digests, areReferred: areReferred) }
        do {
            var stored: [StoredChunk] = []
            for verdict in await store.commit(chunks, anew: writesAnew) { stored.append(try verdict.get()) }
            try await ledger.commit([.place(upload.id, stored, Placing(expires: expiry))])
            areReferred = true
            if let before, try await ledger.upload(upload.id)?.tail?.name != before { await store.drop(before) }
        } catch { throw .store(error) }
    }
}

extension ChunkReceiver {
    /// Takes the body's bytes until it ends in whatever way.
    mutating func receive(_ events: Handover<BodyEvent>, _ limits: Limits) async -> BodyEnd {
        var patience = Patience(limits)
        do throws(StoreError) {
            for await event in events {
                switch event {
                case .bytes(let bytes):
                    patience.received(bytes.readableBytes)
                    guard try await take(bytes) else { return .tooLong }
                case .checkpoint: guard patience.holds() else { return .stalled }
                case .ended(let end): return end
                }
            }
            return .cut
        } catch { return .failed(error) }
    }
}
