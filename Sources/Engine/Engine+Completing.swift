package import CairnContent
import NIOCore
import NIOConcurrencyHelpers

/// The end of an upload whose chunks came in any order.
extension Engine {
    /// Seals the upload when nothing is missing and what is declared agrees.
    ///
    /// - Returns: The file, and whether it became one just now.
    package func complete(
        _ id: UploadID, length: Int64? = nil, contentID: Digest? = nil, for principal: Principal
    ) async throws(UploadError) -> (file: Upload, isNew: Bool) {
        _ = try await upload(id, for: principal)
        return try await leases.hold(.upload(id)) { lease throws(UploadError) in
            let upload = try await self.soundUpload(id, for: principal)
            try await self.check(upload, length, contentID)
            if upload.state == .complete { return (upload, false) }
            guard upload.tail == nil else { return (try await self.closeTail(of: upload, lease), true) }
            return (try await self.seal(upload), true)
        }
    }

    private func check(_ upload: Upload, _ length: Int64?, _ contentID: Digest?) async throws(UploadError) {
        let known = upload.state == .complete ? upload.offset : upload.declaredLength
        if let length, let known, length != known { throw .lengthConflict(declared: known, upload.prefix) }
        if let length, length < max(upload.offset, upload.namedLength) {
            throw .lengthConflict(declared: upload.offset, upload.prefix)
        }
        if upload.isNamedAhead || upload.offset < length ?? known ?? 0 {
            throw .incomplete(try await missing(of: upload, upTo: length ?? known), upload.prefix)
        }
        if let contentID, contentID != upload.prefix.digest {
            throw .contentMismatch(expected: contentID, actual: upload.prefix.digest, upload.prefix)
        }
    }

    /// The first that are missing: of the entries known, and of those the length has room for besides.
    private func missing(of upload: Upload, upTo length: Int64?) async throws(UploadError) -> MissingIndices {
        let whole = Int64(upload.chunkSize.length)
        let count = length.map { Int(($0 + whole - 1) / whole) } ?? upload.entryCount
        let first = upload.run.count
        let end = min(max(count, upload.entryCount), first + limits.segmentCount)
        let known = try await known(of: upload, in: first..<min(end, upload.entryCount))
        let isMissing = known.map { !$0.isPresent } + Array(repeating: true, count: end - first - known.count)
        return MissingIndices(zip(first..., isMissing).filter(\.1).map(\.0), in: first..<end)
    }

    private func seal(_ upload: Upload) async throws(UploadError) -> Upload {
        let file = upload.sealed(.declared(upload.offset))
        let entries = try await allEntries(of: file)
        do {
            try await store.publish(FileRecord(file, entries: entries))
        } catch { throw .store(error) }
        try await commit([.write(file, entries: [])])
        sound.withLock { _ = $0.remove(file.id) }
        return file
    }

    /// The open chunk becomes the last one, as when a body ends.
    private func closeTail(of upload: Upload, _ lease: Lease) async throws(UploadError) -> Upload {
        let append = Append(at: upload.offset, declaredLength: upload.offset, bodyLength: 0)
        return try await receive(append, NoBytes(), into: upload, until: [lease]) { .declared($0) }
    }

    /// The most bytes that are read before a file is complete at once, because nobody has read them for long; of a
    /// longer one the client names the chunks, and they are read a segment at a time.
    private static let doubtfulLimit: Int64 = 4 << 30

    /// Completes `upload` with the bytes of `file`, none of which are sent, unless some are lost.
    func complete(_ upload: Upload, as file: Upload) async throws(UploadError) -> Upload? {
        let entries = try await allEntries(of: file)
        var doubtful: Int64 = 0
        do {
            for start in stride(from: 0, to: entries.count, by: Self.page) {
                let page = Array(entries[start..<min(start + Self.page, entries.count)])
                let digests = Set(page.map(\.digest))
                let kept = try await ledger.kept(of: digests, in: namespace, by: nil)
                doubtful += doubtfulLength(of: page, kept)
                guard doubtful <= Self.doubtfulLimit, try await reliable(among: kept) == digests else { return nil }
            }
            var copy = upload
            copy.run = file.run
            copy.acknowledged = file.offset
            copy.isRagged = file.isRagged
            let sealed = copy.sealed(.declared(file.offset))
            try await store.publish(FileRecord(sealed, entries: entries))
            return sealed
        } catch { throw .store(error) }
    }

    /// Every entry of the run.
    func allEntries(of upload: Upload) async throws(UploadError) -> [Entry] {
        var entries: [Entry] = []
        while entries.count < upload.run.count {
            let next = entries.count..<min(entries.count + Self.page, upload.run.count)
            entries += try await self.entries(of: upload, in: next)
        }
        return entries
    }
}
