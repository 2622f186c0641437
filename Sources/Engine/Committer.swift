import AsyncAlgorithms
import CairnContent

/// Makes one upload's batches durable, in order, and moves its prefix: chunks first, then the ledger.
///
/// Owns the committed state of the upload while a request holds its lease.
struct Committer: Sendable {
    let store: any Store
    let ledger: any Ledger
    let limits: Limits
    let now: @Sendable () -> Timestamp
    /// Chunks are kept as they come, but nothing is appended before the last batch.
    let isWithheld: Bool
    /// Who hears of each batch.
    var attended: (any AttendedBody)?

    /// The upload as committed, and what stopped it.
    struct Result: Sendable {
        fileprivate(set) var upload: Upload
        fileprivate(set) var failure: StoreError?
        /// Whether the last batch came and is durable.
        fileprivate(set) var isFinished = false
        fileprivate var withheld: [StoredChunk] = []

        fileprivate init(_ upload: Upload) { self.upload = upload }

        /// The index that the next batch must have: a batch lost on the way must not be glued over.
        fileprivate var nextIndex: Int { upload.run.count + withheld.count }
    }

    /// Commits what `batches` brings until it ends; after a failure, told by `failed`, the rest is let go.
    ///
    /// It never waits for whoever sends the batches: that one may be waiting for this.
    func run(_ upload: Upload, _ batches: AsyncChannel<Batch>, failed: Signal) async -> Result {
        var result = Result(upload)
        for await batch in batches where result.failure == nil && batch.firstIndex == result.nextIndex {
            do {
                try await commit(batch, &result)
                result.isFinished = batch.isLast
            } catch {
                result.failure = error
                failed.fire()
            }
        }
        return result
    }

    private func commit(_ batch: Batch, _ result: inout Result) async throws(StoreError) {
        let (stored, failure) = await keep(batch.chunks)
        if isWithheld && !batch.isLast {
            result.withheld += stored
        } else {
            try await append(result.withheld + stored, failure == nil ? batch : Batch(firstIndex: 0), &result)
            result.withheld = []
        }
        if let failure { throw failure }
    }

    /// The chunks that are durable, up to the first that is not.
    private func keep(_ chunks: [VerifiedChunk]) async -> ([StoredChunk], StoreError?) {
        guard !chunks.isEmpty else { return ([], nil) }
        var stored: [StoredChunk] = []
        for verdict in await store.commit(chunks) {
            switch verdict {
            case .success(let chunk): stored.append(chunk)
            case .failure(let error): return (stored, error)
            }
        }
        return (stored, nil)
    }

    private func append(_ chunks: [StoredChunk], _ batch: Batch, _ result: inout Result) async throws(StoreError) {
        guard !chunks.isEmpty || batch.tail != nil || batch.sealing != nil else { return }
        let before = result.upload
        var next = before.advanced(by: chunks, tail: batch.tail, at: now(), limits)
        do {
            if let length = batch.sealing {
                next = next.sealed(length)
                try await publish(next, chunks)
            }
            try await ledger.commit([.write(next, entries: chunks)])
        } catch {
            // For lack of room nothing was committed, so nobody will ask for the new tail. After any other failure the
            // ledger may know of it, and only the next start can tell.
            if error == .noSpace, let new = next.tail?.name, new != before.tail?.name { await store.drop(new) }
            throw error
        }
        result.upload = next
        if !batch.isLast, !isWithheld { attended?.acknowledged(next) }
        if let old = before.tail?.name, old != next.tail?.name { await store.drop(old) }
    }

    private func publish(_ file: Upload, _ last: [StoredChunk]) async throws(StoreError) {
        let before = file.run.count - last.count
        let known = before == 0 ? [] : try await ledger.entries(of: file.id, in: 0..<before)
        try await store.publish(FileRecord(file, entries: known + last.map(\.entry)))
    }
}

extension FileRecord {
    init(_ file: Upload, entries: [Entry]) throws(StoreError) {
        do {
            let manifest = try Manifest(chunkSize: file.chunkSize, entries: entries)
            self.init(
                id: file.id, owner: file.owner, created: file.created, metadata: file.metadata, manifest: manifest)
        } catch {
            throw .failed("manifest of \(file.id): \(error)")
        }
    }
}
