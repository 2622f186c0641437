import CairnContent
public import NIOCore
import NIOConcurrencyHelpers

extension Engine {
    /// Appends a body where the upload's prefix ends, and returns the upload as acknowledged.
    ///
    /// Everything is checked before the first byte of `body` is read. However the body ends, what arrived is kept,
    /// and the error says how far that is.
    public func append(
        _ append: Append, body: some AsyncSequence<ByteBuffer, any Error> & Sendable, to id: UploadID,
        for principal: Principal
    ) async throws(UploadError) -> Upload {
        _ = try await upload(id, for: principal)
        return try await leases.hold(.upload(id)) { lease throws(UploadError) in
            let upload = try await self.soundUpload(id, for: principal)
            do throws(UploadError) {
                return try await self.receive(append, body, into: upload, until: [lease]) { .declared($0) }
            } catch {
                if append.endsWhenWrong, error.isFinal { try await self.discard(id) }
                throw error
            }
        }
    }

    /// One request that brings a whole file under a new id; unless all of it arrives nothing is left.
    public func create(
        _ append: Append, body: some AsyncSequence<ByteBuffer, any Error> & Sendable, by principal: Principal
    ) async throws(UploadError) -> Upload {
        let upload = try newUpload(append.metadata, append.declaredLength, principal)
        try append.check(against: upload, limits)
        return try await leases.hold(.upload(upload.id)) { lease throws(UploadError) in
            do throws(UploadError) {
                return try await self.receive(append, body, into: upload, until: [lease]) { .declared($0) }
            } catch {
                try? await self.discard(upload.id)  // it expires by itself; the first error is the one that tells
                throw error
            }
        }
    }

    private func discard(_ id: UploadID) async throws(UploadError) {
        guard let upload = try await load(id), upload.state == .open else { return }
        try await end(upload, as: .cancelled)
    }

    /// Appends under leases that are held already. `endingLength` is what a body that arrives whole says of the
    /// file's length, when nothing was declared and the request says that it ends the file; `naming` is committed with
    /// the first of its bytes.
    func receive(
        _ append: Append, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, into upload: Upload,
        until leases: [Lease], naming: [LedgerChange] = [], endingLength: @escaping @Sendable (Int64) -> Upload.Length
    ) async throws(UploadError) -> Upload {
        try append.check(against: upload, limits)
        let begun = upload.told(by: append)
        guard begun.terms.checksums.isEmpty, !append.announced.contains(.fileChecksum) else {
            return try await receiveChecked(
                append, body, into: begun, until: leases, naming: naming, endingLength: endingLength)
        }
        let after = try await bring(
            append, body, into: begun, until: leases, naming: naming, endingLength: endingLength)
        // A body without bytes moves nothing, but what the request told counts all the same.
        if after == begun, begun != upload { try await commit([told(of: after)] + naming) }
        return after
    }

    /// What was told of an upload besides bytes.
    private func told(of upload: Upload) -> LedgerChange {
        guard upload.isNamedAhead else { return .write(upload, entries: []) }
        let naming = Naming(length: upload.declaredLength, metadata: upload.metadata, expires: expiry)
        return .declare(upload.id, from: upload.entryCount, [], kept: [], naming)
    }

    /// Appends what `body` brings to an upload that knows what the request tells of it.
    func bring(
        _ append: Append, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, into begun: Upload,
        until leases: [Lease], naming: [LedgerChange] = [], endingLength: @escaping @Sendable (Int64) -> Upload.Length
    ) async throws(UploadError) -> Upload {
        guard !stopping.hasFired else { throw .stopping(begun.prefix) }
        guard let writer = try await writer(for: begun) else {
            throw .offsetMismatch(try await withoutTail(begun).prefix)
        }
        let attended = body as? any AttendedBody
        let isEnding = append.ending == .whole || append.ending == .last
        let appending = Appending(
            append: append, declaredLength: begun.declaredLength,
            most: begun.declaredLength ?? limits.length(at: begun.chunkSize),
            endingLength: { isEnding ? endingLength($0) : nil },
            committer: Committer(
                store: store, ledger: ledger, locks: locks, limits: limits, now: now, writesAnew: writesAnew,
                isWithheld: append.isWithheld, naming: naming, attended: attended),
            clock: clock, attended: attended)
        let ends = leases.map { (BodyEnd.takenOver, $0.revoked) } + [(.stopping, stopping)]
        let (after, end, digest) = await appending.run(begun, writer, body: body, until: ends)
        if after.state == .complete { sound.withLock { _ = $0.remove(after.id) } }
        let told = try after.answer(to: append, end, digest, limits)
        if append.ending == .last, told.state == .open, let length = begun.declaredLength {
            throw .lengthConflict(declared: length, told.prefix)
        }
        return told
    }

    /// A writer that goes on where the upload's tail ends; nil when the tail is gone.
    private func writer(for upload: Upload) async throws(UploadError) -> ChunkWriter? {
        guard let tail = upload.tail else { return ChunkWriter(store: store, chunkSize: upload.chunkSize) }
        do {
            return try await ChunkWriter(store: store, chunkSize: upload.chunkSize, continuing: tail)
        } catch { throw .store(error) }
    }
}

extension Upload {
    /// The upload with what the request tells of it besides bytes.
    fileprivate func told(by append: Append) -> Upload {
        var told = self
        if let length = append.declaredLength { told.length = .declared(length) }
        if append.ending == .last, told.length == .unknown, let bodyLength = append.bodyLength {
            told.length = .declared(offset + bodyLength)
        }
        told.terms.checksums += append.fileChecksums.filter { !terms.checksums.contains($0) }
        told.metadata.name = metadata.name ?? append.metadata.name
        told.metadata.type = metadata.type ?? append.metadata.type
        return told
    }

    /// What the client is told of a body that ended like this.
    func answer(
        to append: Append, _ end: BodyEnd, _ digest: Digest?, _ limits: Limits
    ) throws(UploadError) -> Upload {
        switch end {
        case .whole: return self
        case .cut, .uncommitted: throw .bodyCut(prefix)
        case .stalled: throw .stalled(prefix)
        case .stopping: throw .stopping(prefix)
        case .takenOver: throw .takenOver
        case .tooLong:
            guard let declared = declaredLength else { throw .limit(.length, limits.length(at: chunkSize)) }
            throw .tooLong(declared: declared, prefix)
        case .failed(let error): throw .store(error)
        case .conflict(let index): throw .manifestConflict(index: index, prefix)
        case .mismatched:
            guard let expected = append.bodyDigest, let digest, digest != expected else {
                throw .checksumMismatch(prefix)
            }
            throw .digestMismatch(expected: expected, actual: digest, prefix)
        case .untold: throw .trailer(prefix)
        }
    }
}

extension UploadError {
    /// Whether no further append can make the upload right.
    fileprivate var isFinal: Bool {
        switch self {
        case .tooLong, .fileMismatch: true
        default: false
        }
    }
}
