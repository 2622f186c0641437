import CairnContent
import Logging
import NIOCore
import Synchronization

/// Derived, not counted: before an upload goes on, its chunks and its tail are looked for.
extension Engine {
    /// How many entries are read from the ledger at once.
    static let page = 1024

    /// The upload under its lease. The first time since start-up its chunk files are looked at, and the number
    /// falls to what is there.
    func soundUpload(_ id: UploadID, for principal: Principal) async throws(UploadError) -> Upload {
        let upload = try await upload(id, for: principal)
        guard upload.state == .open, !sound.withLock({ $0.contains(id) }) else { return upload }
        let checked = try await withoutLostBytes(upload)
        sound.withLock { _ = $0.insert(id) }
        return checked
    }

    private func withoutLostBytes(_ upload: Upload) async throws(UploadError) -> Upload {
        if let (index, run) = try await firstLoss(in: upload) {
            logger.error("chunk lost", metadata: ["upload": "\(upload.id)", "index": "\(index)"])
            return try await cut(upload, to: run)
        }
        if let tail = upload.tail, try await !isSound(tail) { return try await withoutTail(upload) }
        return upload
    }

    /// The index of the first entry whose chunk is absent, and the run before it.
    private func firstLoss(in upload: Upload) async throws(UploadError) -> (Int, Run)? {
        var run = Run()
        while run.count < upload.run.count {
            let entries = try await entries(of: upload, in: run.count..<min(run.count + Self.page, upload.run.count))
            let missing: Set<Digest>
            do { missing = Set(try await store.missing(from: entries.map(\.digest))) } catch { throw .store(error) }
            for entry in entries {
                if missing.contains(entry.digest) { return (run.count, run) }
                run.append(entry)
            }
        }
        return nil
    }

    private func isSound(_ tail: Tail) async throws(UploadError) -> Bool {
        do {
            guard let bytes = try await store.read(tail) else { return false }
            return Digest(hashing: bytes.readableBytesUInt8Span) == tail.entry.digest
        } catch { throw .store(error) }
    }

    /// The upload without a tail that is gone or not what its digest says.
    func withoutTail(_ upload: Upload) async throws(UploadError) -> Upload {
        logger.error("tail lost", metadata: ["upload": "\(upload.id)", "offset": "\(upload.offset)"])
        return try await cut(upload, to: upload.run)
    }

    private func cut(_ upload: Upload, to run: Run) async throws(UploadError) -> Upload {
        var shorter = upload
        shorter.run = run
        shorter.tail = nil
        try await commit([.write(shorter, entries: [])])
        if let tail = upload.tail { await store.drop(tail.name) }
        return shorter
    }
}
