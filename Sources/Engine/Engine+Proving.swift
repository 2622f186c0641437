package import CairnContent
import NIOCore
import NIOConcurrencyHelpers

/// Chunks that another has brought, for one who proves to hold them.
extension Engine {
    /// The most proofs of one request.
    package static let proofLimit = 256
    /// The most bytes that the chunks of one request's proofs have together, by the upload's chunk size: they are read,
    /// and the upload cannot be cancelled meanwhile.
    private static let provenLimit = 64 << 20

    /// Refers to those of the upload's entries whose proof is right; a wrong proof, and a chunk that is not here, leave
    /// the entry missing and cannot be told apart.
    ///
    /// - Parameters:
    ///   - nonce: As given with the last answer to `name`; used up by this.
    ///   - proofs: By index: HMAC-SHA256 over the chunk's bytes, keyed by the nonce.
    package func prove(
        _ nonce: [UInt8], _ proofs: [(index: Int, hmac: Digest)], in id: UploadID, for principal: Principal
    ) async throws(UploadError) -> Segment {
        try await shared(id, for: principal) { upload, _ throws(UploadError) in
            let indices = proofs.map(\.index)
            let range = (indices.min() ?? 0)..<((indices.max() ?? -1) + 1)
            // Before a chunk is read: from here on every answer takes its time.
            guard proofs.count <= min(Self.proofLimit, Self.provenLimit / upload.chunkSize.length),
                range.upperBound <= upload.entryCount, range.count <= self.limits.segmentCount
            else { throw .manifestInvalid(upload.prefix) }
            let start = ContinuousClock.now
            let isKnown = self.nonces.withLock { $0.use(nonce, for: id, at: self.now()) }
            for proof in proofs where isKnown {
                try await self.refer(to: proof.hmac, nonce, at: proof.index, of: upload)
            }
            let segment = try await self.segment(range, of: id, for: principal)
            await self.spend(self.proofTime(indices, of: upload), since: start)
            return segment
        }
    }

    /// How long an answer to proofs of these entries takes at least, whatever of them is here: to read a chunk that is
    /// here takes time, and the answer shall not tell that it was read.
    ///
    /// As long as the bytes themselves would take at a gigabit a second: longer than it takes to read and digest them
    /// where the disk is not slower than that, and no longer than to send them.
    private func proofTime(_ indices: [Int], of upload: Upload) -> Duration {
        let length = Int64(indices.count) * Int64(upload.chunkSize.length)
        return .milliseconds(2) + .nanoseconds(length * 8)
    }

    /// Waits until `time` has passed, and up to a millisecond more: an answer that always takes as long tells nothing
    /// by its time, and in the rest drowns what the work before it has left in the processor's caches.
    func spend(_ time: Duration, since start: ContinuousClock.Instant) async {
        let end = start + time + .microseconds(Int.random(in: 0...1000))
        // A request that is cancelled lets go of its lease then, and others see when.
        await Task.rest(for: end - .now)
    }

    private func refer(
        to hmac: Digest, _ nonce: [UInt8], at index: Int, of upload: Upload
    ) async throws(UploadError) {
        guard let known = try await known(of: upload, in: index..<(index + 1)).first, !known.isPresent else { return }
        // The copy is read and verified by this, too: it is about to be relied on.
        guard let bytes = try? await verifiedChunk(known.entry),
            ChunkProof.hmac(nonce, over: bytes.readableBytesUInt8Span) == hmac
        else { return }
        let naming = Naming(expires: expiry)
        try await commit([.declare(upload.id, from: index, [known.entry], kept: [known.entry.digest], naming)])
    }
}
