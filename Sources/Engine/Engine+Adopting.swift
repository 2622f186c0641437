import CairnContent

/// What was learned from file records.
package struct Adopted: Hashable, Sendable {
    /// Files that the ledger did not have as complete.
    package var files = 0
    /// Of those, files some bytes of which are lost.
    package var damaged = 0
    /// Records that cannot be read.
    package var unreadable: [UploadID] = []

    package init() {}

    package static func += (left: inout Adopted, right: Adopted) {
        left.files += right.files
        left.damaged += right.damaged
        left.unreadable += right.unreadable
    }
}

/// Finished files that a ledger has lost, and records that were lost beside it (spec/checking.md).
extension Engine {
    /// Makes the ledger know each of the files that `ids` has records of, unless it knows them already; what it knows
    /// as ended stays so.
    ///
    /// - Parameters:
    ///   - ids: As `RecordStore.recorded` has named them before anything was published here: what is being
    ///     published now is the affair of those who do.
    ///   - wholeOnly: Leave out what some bytes of are lost: it may be the record of an attempt that failed,
    ///     whose chunks were reclaimed.
    package func adopt(_ ids: [UploadID], wholeOnly: Bool = false) async throws(UploadError) -> Adopted {
        var adopted = Adopted()
        for id in ids where !stopping.hasFired {
            let known = try await load(id)
            guard known == nil || known?.state == .open else { continue }
            guard let record = try await record(of: id) else {
                adopted.unreadable.append(id)
                continue
            }
            let isDamaged = try await leases.hold(.upload(id)) { _ throws(UploadError) -> Bool? in
                let known = try await self.load(id)
                guard known.map({ $0.isBeginning(of: record.manifest) }) ?? true else { return nil }
                return try await self.restore(record, over: known, wholeOnly)
            }
            guard let isDamaged else { continue }
            adopted.files += 1
            if isDamaged { adopted.damaged += 1 }
        }
        return adopted
    }

    /// Sees to it that the record of a complete file is there and says what the ledger says.
    ///
    /// - Returns: Whether it had to be written anew.
    package func renewRecord(of file: Upload) async throws(UploadError) -> Bool {
        guard file.state == .complete else { return false }
        do {
            let entries = try await allEntries(of: file)
            let wanted = try FileRecord(file, entries: entries)
            guard try await store.record(of: file.id) != wanted else { return false }
            try await store.withdraw(file.id, at: now())
            try await store.publish(wanted)
            return true
        } catch {
            throw error as? UploadError ?? .store(error as? StoreError ?? .failed("\(error)"))
        }
    }

    private func record(of id: UploadID) async throws(UploadError) -> FileRecord? {
        do { return try await store.record(of: id) } catch { throw .store(error) }
    }

    /// Writes the file down as complete; chunks that are not here are lost until someone brings them.
    ///
    /// - Returns: Whether some are lost; nil when nothing was written for that reason.
    private func restore(
        _ record: FileRecord, over known: Upload?, _ wholeOnly: Bool
    ) async throws(UploadError) -> Bool? {
        let entries = record.manifest.entries
        let digests = Array(Set(entries.map(\.digest)))
        await locks.hold(digests)
        var areReferred = false
        defer { locks.release(digests, areReferred: areReferred) }
        do {
            var found: [Digest: StoredChunk] = [:]
            for (digest, chunk) in zip(digests, try await store.inspect(digests)) { found[digest] = chunk }
            // A disk that does not answer has lost nothing yet: that ends this here.
            for digest in digests where found[digest] == nil {
                if try await isThere(digest) { found[digest] = try await store.inspect([digest])[0] }
            }
            let stored = entries.map { entry in
                found[entry.digest].flatMap { $0.entry == entry ? $0 : nil }
                    ?? StoredChunk(entry: entry, storedLength: entry.length, codec: .raw)
            }
            let lost = Set(entries.filter { found[$0.digest]?.entry != $0 }.map(\.digest)).sorted()
            if wholeOnly, !lost.isEmpty { return nil }
            try await ledger.commit([
                .write(Upload(record, in: namespace), entries: stored), .damage(lost, in: namespace, at: now()),
            ])
            areReferred = true
            if let tail = known?.tail { await store.drop(tail.name) }
            return !lost.isEmpty
        } catch { throw .store(error) }
    }
}

extension Upload {
    /// Whether what is acknowledged of this open upload is what the file begins with: a record may have been left by an
    /// attempt to end it that failed, after which more bytes came.
    fileprivate func isBeginning(of manifest: Manifest) -> Bool {
        state == .open && offset <= manifest.length && run == Run(manifest.entries.prefix(run.count))
    }

    /// The complete file that a record tells of.
    fileprivate init(_ record: FileRecord, in namespace: Namespace) {
        self.init(
            id: record.id, namespace: namespace, owner: record.owner, chunkSize: record.manifest.chunkSize,
            created: record.created, metadata: record.metadata)
        run = Run(record.manifest.entries)
        acknowledged = run.length
        isRagged = record.manifest.isRagged
        state = .complete
        length = .declared(run.length)
    }
}
