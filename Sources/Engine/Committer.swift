import CairnContent

/// Makes one upload's batches durable, in order, and moves its prefix: chunks first, then the ledger.
///
/// Owns the committed state of the upload while a request holds its lease.
struct Committer: Sendable {
    let store: any Store
    let ledger: any Ledger
    let locks: ChunkLocks
    let limits: Limits
    let now: @Sendable () -> Timestamp
    /// Whether a chunk is written even where a copy stands.
    let writesAnew: Bool
    /// Chunks are kept as they come, but nothing is appended before the last batch.
    let isWithheld: Bool
    /// What the ledger is told together with the first bytes.
    var naming: [LedgerChange] = []
    /// Who hears of each batch.
    var attended: (any AttendedBody)?

    /// The upload as committed, and what stopped it.
    struct Result: Sendable {
        fileprivate(set) var upload: Upload
        fileprivate(set) var failure: StoreError?
        /// The index at which the body's bytes are not those of the chunk that is named there.
        fileprivate(set) var conflict: Int?
        fileprivate var withheld: [StoredChunk] = []
        /// The chunks that are kept, or about to be, and not yet referred to.
        fileprivate var held: [Digest] = []
        /// Whether entries were named ahead, so that the run may have passed the body.
        fileprivate var isPlaced = false
        fileprivate var isNamed = false

        fileprivate init(_ upload: Upload) { self.upload = upload }

        fileprivate var isOver: Bool { failure != nil || conflict != nil }
    }

    /// Commits what `batches` brings until it ends; after a failure, told by `failed`, the rest is let go.
    ///
    /// It never waits for whoever sends the batches: that one may be waiting for this.
    func run(_ upload: Upload, _ batches: Handover<Batch>, failed: Signal) async -> Result {
        var result = Result(upload)
        for await batch in batches where !result.isOver {
            do {
                try await commit(batch, &result)
                if result.conflict != nil { failed.fire() }
            } catch {
                result.failure = error
                failed.fire()
            }
            if !isWithheld { letGo(&result) }
        }
        letGo(&result)
        return result
    }

    /// From here on the chunks may be reclaimed unless an entry refers to them.
    private func letGo(_ result: inout Result) {
        locks.release(result.held, areReferred: !result.isOver && result.withheld.isEmpty)
        result.held = []
    }

    private func commit(_ batch: Batch, _ result: inout Result) async throws(StoreError) {
        let digests = batch.chunks.map(\.entry.digest)
        await locks.hold(digests)
        result.held += digests
        let (stored, failure) = await keep(batch.chunks)
        if isWithheld && !batch.isLast {
            result.withheld += stored
        } else {
            let chunks = result.withheld + stored
            let first = batch.firstIndex - result.withheld.count
            result.withheld = []
            try await append(chunks, from: first, failure == nil ? batch : Batch(firstIndex: 0), &result)
        }
        if let failure { throw failure }
    }

    /// The chunks that are durable, up to the first that is not.
    private func keep(_ chunks: [VerifiedChunk]) async -> ([StoredChunk], StoreError?) {
        guard !chunks.isEmpty else { return ([], nil) }
        var stored: [StoredChunk] = []
        for verdict in await store.commit(chunks, anew: writesAnew) {
            switch verdict {
            case .success(let chunk): stored.append(chunk)
            case .failure(let error): return (stored, error)
            }
        }
        return (stored, nil)
    }

    private func append(
        _ chunks: [StoredChunk], from first: Int, _ batch: Batch, _ result: inout Result
    ) async throws(StoreError) {
        guard !chunks.isEmpty || batch.tail != nil || batch.sealing != nil else { return }
        result.isPlaced = result.isPlaced || result.upload.isNamedAhead
        let before = result.upload.tail?.name
        do {
            if result.isPlaced {
                try await place(chunks, from: first, batch, &result)
            } else {
                let next = result.upload.advanced(by: chunks, tail: batch.tail, at: now(), limits)
                try await write(next, chunks, batch, &result)
            }
        } catch {
            // For lack of room nothing was committed, so nobody will ask for the new tail. After any other failure the
            // ledger may know of it, and only the next start can tell.
            if error == .noSpace, let new = batch.tail?.name, new != before { await store.drop(new) }
            throw error
        }
        if !batch.isLast, !isWithheld { attended?.acknowledged(result.upload) }
        let after = result.upload.tail?.name
        for name in Set([before, batch.tail?.name].compactMap(\.self)) where name != after { await store.drop(name) }
    }

    private func write(
        _ next: Upload, _ chunks: [StoredChunk], _ batch: Batch, _ result: inout Result
    ) async throws(StoreError) {
        var next = next
        if let length = batch.sealing {
            next = next.sealed(length)
            try await publish(next, chunks)
        }
        try await ledger.commit([.write(next, entries: chunks)] + (result.isNamed ? [] : naming))
        result.isNamed = true
        result.upload = next
    }

    /// Where entries are named ahead the chunks must be theirs; those that are there already are passed.
    private func place(
        _ chunks: [StoredChunk], from first: Int, _ batch: Batch, _ result: inout Result
    ) async throws(StoreError) {
        let id = result.upload.id
        let known = try await ledger.known(of: id, in: first..<(first + chunks.count))
        let agreeing = zip(known, chunks).prefix { $0.entry == $1.entry }.count
        if agreeing < known.count { result.conflict = first + agreeing }
        let fitting = result.conflict == nil ? chunks : Array(chunks.prefix(agreeing))
        let expires = now().advanced(by: limits.idle)
        let naming = Naming(
            length: result.upload.declaredLength, metadata: result.upload.metadata, expires: expires)
        let tail = result.conflict == nil ? batch.tail : nil
        try await ledger.commit([
            .declare(id, from: first + known.count, fitting.dropFirst(known.count).map(\.entry), kept: [], naming),
            .place(id, fitting, Placing(tail: tail, at: first + fitting.count, expires: expires)),
        ])
        // What was the beginning of another chunk than is named there must not stand in the way of the right one.
        if result.upload.tail != nil, result.conflict == result.upload.run.count {
            try await ledger.commit([.lose(id, [])])
        }
        guard let placed = try await ledger.upload(id) else { throw .failed("\(id) is gone") }
        result.upload = placed
        guard let length = batch.sealing, result.conflict == nil, !placed.isNamedAhead,
            placed.run.length == placed.offset
        else { return }
        try await write(placed, [], Batch(firstIndex: 0, sealing: length), &result)
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
