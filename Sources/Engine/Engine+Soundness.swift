import CairnContent
import Logging
import NIOCore
import NIOConcurrencyHelpers

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
        if upload.namedCount > 0 { return try await withoutLostChunks(upload) }
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
            let missing = try await lost(among: entries.map(\.digest))
            for entry in entries {
                if missing.contains(entry.digest) { return (run.count, run) }
                run.append(entry)
            }
        }
        return nil
    }

    /// Of an upload whose entries are named, lost chunks are asked for again, wherever they stand.
    private func withoutLostChunks(_ upload: Upload) async throws(UploadError) -> Upload {
        var lost: [Int] = []
        var index = 0
        while index < upload.entryCount {
            let known = try await known(of: upload, in: index..<min(index + Self.page, upload.entryCount))
            let present = known.filter(\.isPresent).map(\.entry.digest)
            let missing = try await self.lost(among: present)
            lost += zip(index..., known).filter { missing.contains($1.entry.digest) && $1.isPresent }.map(\.0)
            index += known.count
        }
        var sound = upload
        if !lost.isEmpty {
            logger.error("chunks lost", metadata: ["upload": "\(upload.id)", "count": "\(lost.count)"])
            try await commit([.lose(upload.id, lost)])
            collection.referencesWent()
            sound = try await self.upload(upload.id, for: upload.owner)
        }
        guard let tail = sound.tail, try await !isSound(tail) else { return sound }
        return try await withoutTail(sound)
    }

    /// What a look does not find is read before it counts as lost: a disk that does not answer has lost nothing yet.
    private func lost(among digests: [Digest]) async throws(UploadError) -> Set<Digest> {
        var lost: Set<Digest> = []
        do {
            for digest in try await store.missing(from: digests) where try await !isThere(digest) {
                lost.insert(digest)
            }
        } catch { throw .store(error) }
        return lost
    }

    /// Throws when the disk does not say.
    func isThere(_ digest: Digest) async throws(StoreError) -> Bool {
        do { return try await store.read(digest) != nil } catch .damaged { return false }
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
        guard upload.namedCount == 0 else {
            try await commit([.lose(upload.id, [])])
            return try await self.upload(upload.id, for: upload.owner)
        }
        return try await cut(upload, to: upload.run)
    }

    private func cut(_ upload: Upload, to run: Run) async throws(UploadError) -> Upload {
        var shorter = upload
        shorter.run = run
        shorter.tail = nil
        try await commit([.write(shorter, entries: [])])
        collection.referencesWent()
        if let tail = upload.tail { await store.drop(tail.name) }
        return shorter
    }
}
