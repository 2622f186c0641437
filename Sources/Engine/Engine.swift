public import CairnContent
package import Logging
import NIOConcurrencyHelpers

/// The rules of uploads of one namespace: who may move which prefix, what counts, when a file is complete.
///
/// Bytes go to a `Store`, facts to a `Ledger`, always in that order; an answer is made from what the ledger has
/// committed and from nothing else.
public final class Engine: Sendable {
    /// What it refuses.
    public let limits: Limits
    /// The chunk size of uploads that begin here.
    public let chunkSize: ChunkSize
    /// Whose uploads these are: those of others it neither sees nor refers to.
    public let namespace: Namespace
    /// Which chunks need not be sent again.
    public var dedup: Dedup { mode.withLock { $0 } }
    /// Whether a chunk that comes is written even where a copy stands: who brings it shall not learn that one does.
    var writesAnew: Bool { dedup != .trust }

    let mode: NIOLockedValueBox<Dedup>
    let store: any Store
    let ledger: any Ledger
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let logger: Logger
    let leases = Leases()
    let locks = ChunkLocks()
    let collection = CollectionState()
    let stopping = Signal()
    /// Open uploads whose chunk files were looked at since this engine started.
    let sound = NIOLockedValueBox<Set<UploadID>>([])
    let nonces = NIOLockedValueBox(NonceTable())
    /// Chunks that this pass of the scrub goes on without.
    let passedOver = NIOLockedValueBox<Set<Digest>>([])

    package init(
        store: any Store, ledger: any Ledger, namespace: Namespace = .standard, limits: Limits = Limits(),
        chunkSize: ChunkSize = .standard, dedup: Dedup = .trust, clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        logger: Logger = Logger(label: "cairn.engine")
    ) {
        self.store = store
        self.ledger = ledger
        self.namespace = namespace
        self.limits = limits
        self.chunkSize = chunkSize
        mode = NIOLockedValueBox(dedup)
        self.clock = clock
        self.now = now
        self.logger = logger
    }

    /// From now on every running append ends as `.stopping`, with what it brought kept, and no new one starts.
    public func stop() { stopping.fire() }

    // MARK: Begin

    /// Begins an upload that holds nothing yet.
    public func begin(
        _ metadata: Metadata = Metadata(), declaredLength: Int64? = nil, by principal: Principal
    ) async throws(UploadError) -> Upload {
        let upload = try newUpload(metadata, declaredLength, principal)
        try await commit(begun: upload, [.write(upload, entries: [])])
        return upload
    }

    /// An upload that holds nothing yet, and that only the caller knows of.
    ///
    /// - Parameter size: Another chunk size than new uploads have: that of the file it goes on with.
    func newUpload(
        _ metadata: Metadata, _ declaredLength: Int64?, _ principal: Principal, cutAs size: ChunkSize? = nil
    ) throws(UploadError) -> Upload {
        let chunkSize = size ?? chunkSize
        let most = limits.length(at: chunkSize)
        if let declaredLength, !(0...most).contains(declaredLength) { throw .limit(.length, most) }
        try limits.check(metadata)
        let moment = now()
        var upload = Upload(
            id: UploadID(), namespace: namespace, owner: principal, chunkSize: chunkSize, created: moment,
            metadata: metadata)
        if let declaredLength { upload.length = .declared(declaredLength) }
        upload.expires = moment.advanced(by: limits.idle)
        return upload
    }

    /// Writes down an upload that begins; its chunks need no looking for.
    func commit(begun upload: Upload, _ changes: [LedgerChange]) async throws(UploadError) {
        try await commit(changes)
        sound.withLock { _ = $0.insert(upload.id) }
    }

    // MARK: Ask

    /// The upload as it stands; disturbs nobody.
    public func upload(_ id: UploadID, for principal: Principal) async throws(UploadError) -> Upload {
        guard let upload = try await load(id), principal.reaches(upload.owner), upload.namespace == namespace else {
            throw .unknownUpload
        }
        guard upload.state == .open || upload.state == .complete else { throw .gone }
        return upload
    }

    /// The resumption question: a request that still moves the prefix is cut, so that the answer stands.
    public func resume(_ id: UploadID, for principal: Principal) async throws(UploadError) -> Upload {
        _ = try await upload(id, for: principal)
        return try await leases.hold(.upload(id)) { _ throws(UploadError) in
            try await self.joinIfReady(self.soundUpload(id, for: principal))
        }
    }

    /// Uploads of one state, newest first, at most `limit`, after the one given.
    public func uploads(
        _ state: Upload.State, for principal: Principal, after: UploadID? = nil, limit: Int
    ) async throws(UploadError) -> [Upload] {
        var query = UploadQuery(namespace: namespace, state: state, after: after, limit: limit)
        if principal.reach != .namespace { query.owner = principal }
        do { return try await ledger.uploads(query) } catch { throw .store(error) }
    }

    /// Complete files of the namespace whoever owns them, newest first, at most `limit`, after the one given: for the
    /// operator, who may see all of it.
    package func everyFile(after: UploadID? = nil, limit: Int) async throws(UploadError) -> [Upload] {
        let query = UploadQuery(namespace: namespace, state: .complete, after: after, limit: limit)
        do { return try await ledger.uploads(query) } catch { throw .store(error) }
    }

    // MARK: End

    /// Ends an open upload, or removes a complete file. A request that brings bytes to it is cut.
    public func cancel(_ id: UploadID, for principal: Principal) async throws(UploadError) {
        _ = try await upload(id, for: principal)
        try await leases.hold(.upload(id)) { _ throws(UploadError) in
            let upload = try await self.upload(id, for: principal)
            try await self.end(upload, as: .cancelled)
        }
    }

    /// Drops the tails that a kill left without an upload; returns how many. To be called once, at start-up.
    public func sweep() async throws(UploadError) -> Int {
        var count = 0
        do {
            for name in try await store.inheritedTails() {
                // A name that no upload has now is never given again, so nothing can come between.
                guard try await ledger.upload(name.upload)?.tail?.name != name else { continue }
                await store.drop(name)
                count += 1
            }
        } catch { throw .store(error) }
        return count
    }

    /// Ends the open uploads whose time is over, and the removals that a stop interrupted; returns how many.
    ///
    /// To be called at start-up, and now and then.
    public func expire() async throws(UploadError) -> Int {
        try await expire(.complete) + expire(.open)
    }

    private func expire(_ state: Upload.State) async throws(UploadError) -> Int {
        var query = UploadQuery(namespace: namespace, state: state, expiring: now(), limit: Self.page)
        var count = 0
        while true {
            let due: [Upload]
            do { due = try await ledger.uploads(query) } catch { throw .store(error) }
            for upload in due where await expire(upload.id) { count += 1 }
            guard due.count == query.limit, let last = due.last else { return count }
            query.after = last.id
        }
    }

    /// Ends one upload if its time is over still; one that cannot be ended now must not keep the others from it.
    private func expire(_ id: UploadID) async -> Bool {
        do throws(UploadError) {
            // A request may have brought bytes since it was listed: that one is not to be cut.
            guard try await isDue(id) != nil else { return false }
            return try await leases.hold(.upload(id)) { _ throws(UploadError) in
                guard let upload = try await self.isDue(id) else { return false }
                // One that waited for its parts may only not have been asked for since they came.
                if upload.state == .open, try await self.joinIfReady(upload).state == .complete { return false }
                try await self.end(upload, as: upload.state == .open ? .expired : .cancelled)
                return true
            }
        } catch {
            if error != .takenOver { logger.error("cannot end", metadata: ["upload": "\(id)", "cause": "\(error)"]) }
            return false
        }
    }

    private func isDue(_ id: UploadID) async throws(UploadError) -> Upload? {
        guard let upload = try await load(id), upload.state == .open || upload.state == .complete,
            let expires = upload.expires, expires <= now()
        else { return nil }
        return upload
    }

    /// Leaves a tombstone: a file's record goes first, the tombstone follows, the tail is last. The references to
    /// chunks go by and by (`reclaim`), so that the end of a large file keeps nobody waiting.
    ///
    /// That a file is to go is written down before its record is touched, so that a stop in between is made good. An
    /// open upload may have a record too: power was lost between it and the ledger.
    func end(_ upload: Upload, as state: Upload.State) async throws(UploadError) {
        var tombstone = upload
        tombstone.state = state
        tombstone.run = Run()
        tombstone.tail = nil
        tombstone.namedCount = 0
        tombstone.expires = now().advanced(by: limits.remembrance)
        tombstone.terms = Terms()
        if upload.state == .complete { try await announceEnd(of: upload) }
        do { try await store.withdraw(upload.id, at: now()) } catch { throw .store(error) }
        try await commit([.end(tombstone)])
        sound.withLock { _ = $0.remove(upload.id) }
        if let tail = upload.tail { await store.drop(tail.name) }
    }

    /// Due by any clock, so that none that was turned back keeps half a file here.
    private func announceEnd(of file: Upload) async throws(UploadError) {
        var leaving = file
        leaving.expires = Timestamp(seconds: 0)
        try await commit([.write(leaving, entries: [])])
    }

    // MARK: Ledger

    func load(_ id: UploadID) async throws(UploadError) -> Upload? {
        do { return try await ledger.upload(id) } catch { throw .store(error) }
    }

    func commit(_ changes: [LedgerChange]) async throws(UploadError) {
        do { try await ledger.commit(changes) } catch { throw .store(error) }
    }

    /// The entries at `indices`, which lie within the run; fewer are there only when the upload was ended meanwhile.
    func entries(of upload: Upload, in indices: Range<Int>) async throws(UploadError) -> [Entry] {
        let entries: [Entry]
        do { entries = try await ledger.entries(of: upload.id, in: indices) } catch { throw .store(error) }
        guard entries.count == indices.count else { throw .gone }
        return entries
    }
}
