import CairnContent
import NIOConcurrencyHelpers

/// Uploads that begin with terms, and uploads made of others (spec/tus.md, "Concatenation").
extension Engine {
    /// Begins an upload that holds nothing yet; refused when the bytes that come with it would be.
    package func begin(_ beginning: Beginning, by principal: Principal) async throws(UploadError) -> Upload {
        let upload = try drafted(beginning, by: principal)
        try await commit(begun: upload, [.write(upload, entries: [])])
        return upload
    }

    /// The upload that is to begin so; nobody knows of it yet.
    func drafted(_ beginning: Beginning, by principal: Principal) throws(UploadError) -> Upload {
        var upload = try newUpload(beginning.metadata, beginning.declaredLength, principal)
        try checkText(of: beginning.terms)
        upload.terms = beginning.terms
        try beginning.append?.check(against: upload, limits)
        return upload
    }

    /// Begins an upload that is made of others, in order. It is complete once they are: at once, or at the first
    /// question after.
    package func join(
        _ parts: [UploadID], _ beginning: Beginning, by principal: Principal
    ) async throws(UploadError) -> Upload {
        guard parts.count <= limits.parts else { throw .limit(.parts, Int64(limits.parts)) }
        try checkText(of: beginning.terms)
        var chunkSize = chunkSize
        for id in Set(parts) {
            let part = try await self.upload(id, for: principal)
            guard part.terms.parts == nil || part.state == .complete else { throw .finalUpload }
            chunkSize = max(chunkSize, part.chunkSize)
        }
        var upload = try newUpload(beginning.metadata, nil, principal, cutAs: chunkSize)
        upload.terms = beginning.terms
        upload.terms.parts = parts
        let begun = upload
        try await commit(begun: begun, [.write(begun, entries: [])])
        return try await leases.hold(.upload(begun.id)) { _ throws(UploadError) in
            do throws(UploadError) {
                return try await self.joinIfReady(begun)
            } catch {
                try? await self.end(begun, as: .cancelled)  // it expires by itself; the first error tells
                throw error
            }
        }
    }

    private func checkText(of terms: Terms) throws(UploadError) {
        guard (terms.metadata?.utf8.count ?? 0) <= limits.metadataLength else {
            throw .limit(.metadataLength, Int64(limits.metadataLength))
        }
    }

    /// The upload, complete if it is to be made of others and they all are. To be called under its lease.
    ///
    /// When one of them is gone there will never be anything to join, so it ends too.
    func joinIfReady(_ upload: Upload) async throws(UploadError) -> Upload {
        guard upload.state == .open, let ids = upload.terms.parts else { return upload }
        var known: [UploadID: Upload] = [:]
        for id in Set(ids) {
            guard let part = try await existing(id, for: upload.owner) else {
                try await end(upload, as: .cancelled)
                throw .gone
            }
            known[id] = part
        }
        let parts = ids.compactMap { known[$0] }
        let length = try totalLength(of: parts)
        guard parts.allSatisfy({ $0.state == .complete }) else { return try await note(length, of: upload) }
        return try await seal(upload, joining: parts)
    }

    /// In bytes, once it can be told.
    private func totalLength(of parts: [Upload]) throws(UploadError) -> Int64? {
        var total: Int64 = 0
        for part in parts {
            guard let length = part.state == .complete ? part.offset : part.declaredLength else { return nil }
            let (sum, isTooLong) = total.addingReportingOverflow(length)
            guard !isTooLong, sum <= limits.length else { throw .limit(.length, limits.length) }
            total = sum
        }
        return total
    }

    private func note(_ length: Int64?, of upload: Upload) async throws(UploadError) -> Upload {
        guard let length, upload.length == .unknown else { return upload }
        var told = upload
        told.length = .declared(length)
        try await commit([.write(told, entries: [])])
        return told
    }

    /// Entries are copied, no byte is: the record first, then the ledger, as for every file.
    private func seal(_ upload: Upload, joining parts: [Upload]) async throws(UploadError) -> Upload {
        let count = parts.reduce(0) { $0 + $1.run.count }
        guard count <= limits.entries else { throw .limit(.entries, Int64(limits.entries)) }
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for part in parts { entries += try await allEntries(of: part) }
        var file = upload
        file.run = Run(entries)
        file.isRagged = entries.dropLast().contains { $0.length < upload.chunkSize.length }
        file.acknowledged = file.offset
        file = file.sealed(.declared(file.offset))
        do { try await store.publish(FileRecord(file, entries: entries)) } catch { throw .store(error) }
        try await commit([.join(file, origins: parts.map(\.id))])
        sound.withLock { _ = $0.remove(file.id) }
        return file
    }
}
