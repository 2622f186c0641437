package import CairnContent
import NIOConcurrencyHelpers

/// What a client hears of a run of entries.
package struct Segment: Hashable, Sendable {
    /// As it stands now.
    package let upload: Upload
    /// Of the entries spoken of, those to send.
    package let missing: MissingIndices
    /// With which chunks may be proven that the caller has not brought; nil where that is of no use.
    package let nonce: [UInt8]?
}

/// Uploads whose entries are named before their chunks come (spec/native.md).
extension Engine {
    /// Names the chunks from `index` on. What the store has of them and the client may rely on is referred to at once.
    ///
    /// - Parameter end: The file's length, when these entries end it; declares it where it was unknown.
    package func name(
        _ digests: [Digest], from index: Int, end: Int64? = nil, in id: UploadID, for principal: Principal
    ) async throws(UploadError) -> Segment {
        try await shared(id, for: principal) { upload, _ throws(UploadError) in
            let start = ContinuousClock.now
            guard upload.state == .open else { throw .alreadyComplete(upload.prefix) }
            let entries = try upload.entries(digests, from: index, end: end, self.limits)
            try await self.compare(entries, from: index, with: upload)
            let naming = Naming(length: end ?? upload.declaredLength, expires: self.expiry)
            let kept = try await self.reliable(Set(digests), for: principal)
            try await self.commit([.declare(id, from: index, entries, kept: kept, naming)])
            let segment = try await self.segment(index..<(index + entries.count), of: id, for: principal)
            if self.dedup == .prove { await self.spend(Self.namingTime(of: entries.count), since: start) }
            return segment
        }
    }

    /// How long it takes at least to name so many where proofs are demanded: longer than the work does. To look for one
    /// that others have takes longer than for one that nobody has.
    private static func namingTime(of count: Int) -> Duration { .milliseconds(2) + .microseconds(32 * count) }

    /// Which of the entries at `indices` are missing; of those that are known only.
    package func missing(
        in indices: Range<Int>, of id: UploadID, for principal: Principal
    ) async throws(UploadError) -> Segment {
        let upload = try await upload(id, for: principal)
        let end = min(indices.upperBound, upload.entryCount, indices.lowerBound + limits.segmentCount)
        return try await segment(min(indices.lowerBound, end)..<end, of: id, for: principal)
    }

    /// Runs `work` beside others that bring chunks to the same upload, in any order.
    func shared<Value: Sendable>(
        _ id: UploadID, for principal: Principal, _ work: (Upload, Lease) async throws(UploadError) -> Value
    ) async throws(UploadError) -> Value {
        try await makeSound(id, for: principal)
        return try await leases.hold(.upload(id), .shared) { lease throws(UploadError) in
            try await work(try await self.upload(id, for: principal), lease)
        }
    }

    /// Looks for the upload's chunks, once since start-up. Of many who come at once one does, and the others wait.
    private func makeSound(_ id: UploadID, for principal: Principal) async throws(UploadError) {
        while !sound.withLock({ $0.contains(id) }), try await upload(id, for: principal).state == .open {
            do throws(UploadError) {
                try await leases.hold(.upload(id), unless: { sound.withLock { $0.contains(id) } }) {
                    () throws(UploadError) in
                    _ = try await self.soundUpload(id, for: principal)
                }
            } catch .takenOver {}  // by another who looks
        }
    }

    func segment(
        _ indices: Range<Int>, of id: UploadID, for principal: Principal
    ) async throws(UploadError) -> Segment {
        let upload = try await upload(id, for: principal)
        let known = try await known(of: upload, in: indices)
        let missing = zip(indices, known).filter { !$1.isPresent }.map(\.0)
        let nonce = dedup == .prove && !missing.isEmpty ? nonces.withLock { $0.give(for: id, at: now()) } : nil
        return Segment(upload: upload, missing: MissingIndices(missing, in: indices), nonce: nonce)
    }

    /// The entries at `indices`, which are all known; fewer are there only when the upload was ended meanwhile.
    func known(of upload: Upload, in indices: Range<Int>) async throws(UploadError) -> [KnownEntry] {
        let known: [KnownEntry]
        do { known = try await ledger.known(of: upload.id, in: indices) } catch { throw .store(error) }
        guard known.count == indices.count else { throw .gone }
        return known
    }

    /// When an upload ends that hears of nothing from now on.
    var expiry: Timestamp { now().advanced(by: limits.idle) }

    private func compare(
        _ entries: [Entry], from index: Int, with upload: Upload
    ) async throws(UploadError) {
        let indices = index..<min(index + entries.count, upload.entryCount)
        guard !indices.isEmpty else { return }
        let known = try await known(of: upload, in: indices)
        for (place, known, entry) in zip(indices, zip(known, entries)).map({ ($0, $1.0, $1.1) })
        where known.entry != entry {
            throw .manifestConflict(index: place, upload.prefix)
        }
    }

    /// Those of `digests` that can be referred to: the ledger knows them, and their bytes are right.
    private func reliable(_ digests: Set<Digest>, for principal: Principal) async throws(UploadError) -> Set<Digest> {
        // Who may bring one file shall not learn what else its owner has.
        guard dedup != .off, principal.reach != .single else { return [] }
        do {
            return try await reliable(
                among: ledger.kept(of: digests, in: namespace, by: dedup == .prove ? principal : nil))
        } catch { throw .store(error) }
    }
}

extension Upload {
    /// The entries that these digests are from `index` on: all as long as the chunk size, but the file's last.
    fileprivate func entries(
        _ digests: [Digest], from index: Int, end: Int64?, _ limits: Limits
    ) throws(UploadError) -> [Entry] {
        if let declared = declaredLength, let end, end != declared { throw .lengthConflict(declared: declared, prefix) }
        if let end, end > limits.length(at: chunkSize) { throw .limit(.length, limits.length(at: chunkSize)) }
        let whole = Int64(chunkSize.length)
        let length = end ?? declaredLength
        let count = index.addingReportingOverflow(digests.count).partialValue
        guard (0...entryCount).contains(index), count <= limits.entries, count >= index,
            digests.count <= limits.segmentCount
        else { throw .manifestInvalid(prefix) }
        let last = length.map { ($0 + whole - 1) / whole } ?? Int64(limits.entries)
        guard Int64(count) <= last, end == nil || Int64(count) == last, offset <= length ?? .max else {
            throw .manifestInvalid(prefix)
        }
        return zip(index..., digests).map { place, digest in
            let rest = (length ?? .max) - Int64(place) * whole
            return Entry(digest: digest, length: Int(min(whole, rest)))
        }
    }
}
