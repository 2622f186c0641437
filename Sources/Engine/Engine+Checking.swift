package import CairnContent
import NIOCore

/// Files whose client said what all of their bytes come to.
extension Engine {
    /// Appends, and completes the file only when all of it comes to what was declared.
    ///
    /// The bytes are kept first, so that a body that breaks off goes on as any other; then the file is read back from
    /// the store, and sealed as if an empty body had followed.
    func receiveChecked(
        _ append: Append, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, into upload: Upload,
        until leases: [Lease], naming: [LedgerChange] = [], endingLength: @escaping @Sendable (Int64) -> Upload.Length
    ) async throws(UploadError) -> Upload {
        var open = append
        open.ending = .open
        var brought = try await bring(
            open, body, into: upload, until: leases, naming: naming, endingLength: endingLength)
        if append.announced.contains(.fileChecksum), let trailer = await (body as? any AttendedBody)?.trailer() {
            brought.terms.checksums += trailer.fileChecksums
        }
        guard append.completes(at: brought.offset, declaredLength: brought.declaredLength) else {
            guard append.ending != .last else {
                throw .lengthConflict(declared: brought.declaredLength ?? brought.offset, brought.prefix)
            }
            return brought
        }
        let expected = brought.terms.checksums
        let actual = try await checksums(
            Set(expected.map(\.algorithm)), over: 0..<brought.offset, of: brought, until: leases)
        guard actual.isSuperset(of: expected) else { throw .fileMismatch(brought.prefix) }
        let end = Append(at: brought.offset, bodyLength: 0, ending: append.ending)
        return try await bring(
            end, NoBytes(), into: brought, until: leases, naming: naming, endingLength: endingLength)
    }

    /// What the bytes of `range` come to. Reads them all, but where the answer is known.
    package func checksums(
        _ algorithms: Set<Checksum.Algorithm>, over range: Range<Int64>, of upload: Upload
    ) async throws(UploadError) -> Set<Checksum> {
        try await checksums(algorithms, over: range, of: upload, until: [])
    }

    /// Reading takes as long as the file is, so a newer request or a stop ends it.
    private func checksums(
        _ algorithms: Set<Checksum.Algorithm>, over range: Range<Int64>, of upload: Upload, until leases: [Lease]
    ) async throws(UploadError) -> Set<Checksum> {
        if let known = try await known(algorithms, over: range, of: upload) { return known }
        var hasher = ChecksumHasher(algorithms)
        var parts = bytes(range, of: upload).makeAsyncIterator()
        while let part = try await next(of: &parts) {
            hasher.update(part.readableBytesUInt8Span)
            if leases.contains(where: { $0.revoked.hasFired }) { throw .takenOver }
            if stopping.hasFired { throw .stopping(upload.prefix) }
        }
        return hasher.finish()
    }

    private func next(of parts: inout FileBytes.Iterator) async throws(UploadError) -> ByteBuffer? {
        do throws(StoreError) { return try await parts.next() } catch { throw .store(error) }
    }

    /// What was verified when the file became complete; and of a file of one chunk, the chunk's digest.
    private func known(
        _ algorithms: Set<Checksum.Algorithm>, over range: Range<Int64>, of upload: Upload
    ) async throws(UploadError) -> Set<Checksum>? {
        guard upload.state == .complete, range == 0..<upload.offset else { return nil }
        var known = Set(upload.terms.checksums)
        if upload.run.count == 1, let entry = try await entries(of: upload, in: 0..<1).first {
            known.insert(Checksum(entry.digest))
        }
        let asked = known.filter { algorithms.contains($0.algorithm) }
        return asked.count == algorithms.count ? asked : nil
    }
}

/// A body that arrives whole at once and holds nothing.
struct NoBytes: AsyncSequence, Sendable {
    struct AsyncIterator: AsyncIteratorProtocol {
        mutating func next() async throws -> ByteBuffer? { nil }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
