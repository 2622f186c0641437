package import CairnContent
public import CairnEngine
import GRDB
package import Logging
import NIOConcurrencyHelpers

/// The ledger in one SQLite file (spec/ledger.md): one writer, readers on snapshots, and one sync for all the commits
/// that wait for it.
///
/// The file is for one process alone; the data directory's lock sees to that. Commits and reads are not cancellable:
/// a cancelled task still hears what came of its commit.
public final class SQLLedger: Ledger {
    private let pool: DatabasePool
    private let queue: NIOLockedValueBox<CommitQueue>
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let metrics = DiskMetrics()
    /// Whether the ledger was not closed before this start, and its log is not as any crash leaves it: what came last
    /// may be lost with it.
    public let mayHaveForgotten: Bool

    private init(
        pool: DatabasePool, start: LedgerStart, mayHaveForgotten: Bool, now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.pool = pool
        self.now = now
        self.mayHaveForgotten = mayHaveForgotten
        self.logger = logger
        queue = NIOLockedValueBox(CommitQueue(after: start.batch))
    }

    /// Opens the ledger at `path`, or makes it.
    ///
    /// After an unclean stop SQLite recovers its log, and every page is looked at: about a second for each gigabyte.
    /// - Parameters:
    ///   - store: The id of the store it belongs to. A new ledger remembers it; another's is refused.
    ///   - creating: Whether a missing or empty file is taken for a new ledger. Only right while the store is new.
    ///   - now: When chunks are said to be right as they are kept.
    package static func open(
        _ path: String, store: String, creating: Bool, now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        logger: Logger
    ) async throws(LedgerError) -> SQLLedger {
        do {
            try LedgerFile(path: path).prepare(creating: creating)
            let hadBrokenLog = LedgerFile(path: path).hasBrokenLog()
            let pool = try DatabasePool(path: path, configuration: LedgerSettings.configuration(store: store))
            let start = try await pool.onWriter { try LedgerStart($0, store: store, creating: creating) }
            if start.wasChecked { logger.notice("ledger: checked after an unclean stop") }
            let mayHaveForgotten = start.wasChecked && hadBrokenLog
            return SQLLedger(
                pool: pool, start: start, mayHaveForgotten: mayHaveForgotten, now: now, logger: logger)
        } catch {
            throw LedgerError(path: path, reason: LedgerError.Reason(error))
        }
    }

    /// Waits for the commits that were taken, notes the clean stop and frees the file. Later commits are refused.
    ///
    /// To be called after the last read has returned.
    public func close() async {
        guard queue.withLock({ $0.close() }) else { return }
        do {
            try await pool.onWriter { db in try self.finish(db) }
            try await pool.shut()
        } catch {
            // Costs no more than a check at the next start.
            logger.warning("ledger: the stop is not clean", metadata: ["cause": "\(error)"])
        }
    }

    /// Whether a write failed, so that no commit is possible any more. Reads go on; only a restart helps.
    public var isReadOnly: Bool { queue.withLock { $0.isReadOnly } }

    package func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        let verdict = await Reply.to { reply in
            let call = CommitQueue.Call(changes) { reply($0) }
            switch queue.withLock({ $0.add(call) }) {
            case .wake: pool.asyncWriteWithoutTransaction { self.cycle($0) }
            case .wait: break
            case .refuse(let error): call.answer(.failure(error))
            }
        }
        try verdict.get()
    }

    package func upload(_ id: UploadID) async throws(StoreError) -> Upload? {
        try await read { try $0.upload(id) }
    }

    package func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload] {
        try await read { try $0.uploads(query) }
    }

    package func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry] {
        try await read { try $0.entries(of: id, in: indices) }
    }

    package func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry] {
        try await read { try $0.known(of: id, in: indices) }
    }

    package func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry? {
        try await read { try $0.standing(of: digest, in: id) }
    }

    package func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> [Digest: Timestamp] {
        try await read { try $0.kept(of: digests, in: namespace, by: owner) }
    }

    package func usage(of owner: Principal, in namespace: Namespace) async throws(StoreError) -> Usage {
        try await read { try $0.usage(of: owner, in: namespace) }
    }

    package func file(
        _ contentID: Digest, in namespace: Namespace, of owner: Principal
    ) async throws(StoreError) -> Upload? {
        try await read { try $0.file(contentID, in: namespace, of: owner) }
    }

    package func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        try await read { try $0.generations(of: key) }
    }

    package func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage {
        try await read { try $0.unreferenced(in: namespace, after: digest, looking: limit) }
    }

    package func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try await read { try $0.condemned(among: digests, in: namespace, limit: limit) }
    }

    package func recorded(
        of digests: Set<Digest>, in namespace: Namespace
    ) async throws(StoreError) -> Set<Digest> {
        try await read { try $0.recorded(of: digests, in: namespace) }
    }

    package func unshed(limit: Int) async throws(StoreError) -> [UploadID] {
        try await read { try $0.unshed(limit: limit) }
    }

    package func keptChunks(
        in namespace: Namespace, after digest: Digest?, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try await read { try $0.keptChunks(in: namespace, after: digest, limit: limit) }
    }

    package func unverified(
        in namespace: Namespace, outside trusted: ClosedRange<Timestamp>, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try await read { try $0.unverified(in: namespace, outside: trusted, limit: limit) }
    }

    package func uploads(
        referringTo digest: Digest, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [Upload] {
        try await read { try $0.uploads(referringTo: digest, in: namespace, limit: limit) }
    }

    /// The digests of the chunks that the last `batches` transactions kept: those to look for after a crash.
    package func recentDigests(
        in namespace: Namespace = .standard, batches: Int
    ) async throws(StoreError) -> [Digest] {
        try await read { try $0.recentDigests(in: namespace, batches: batches) }
    }

    /// Copies the ledger, as of one moment between two commits, to a new file at `path`; not yet durable.
    func copy(to path: String) async throws(StoreError) {
        do { try await pool.copy(to: path) } catch { throw .failed("ledger: \(path): \(error)") }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (LedgerReader) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.onSnapshot { try body(LedgerReader(db: $0)) }
        } catch let refusal as LedgerRefusal {
            throw .failed("ledger: \(refusal.reason)")
        } catch let error as DatabaseError {
            throw .failed("ledger: \(error)")
        } catch {
            // Errors of parsing quote what they could not parse, and that may be what a user sent.
            throw .failed("ledger: damaged: a row does not parse")
        }
    }
}

/// The writer, on its own thread.
extension SQLLedger {
    /// One transaction, its answers, and only then the checkpoint, if one is due.
    private func cycle(_ db: Database) {
        guard let batch = queue.withLock({ $0.next() }) else { return }
        settle(batch, in: db)
        if queue.withLock({ $0.takeCheckpoint() }) { checkpoint(db, .passive) }
        pool.asyncWriteWithoutTransaction { self.cycle($0) }
    }

    private func settle(_ batch: CommitQueue.Batch, in db: Database) {
        let start = ContinuousClock.now
        defer { metrics.transacted(count: batch.calls.count, since: start) }
        switch LedgerTransaction.run(batch, at: now(), in: db) {
        case .committed(let verdicts):
            for (call, verdict) in zip(batch.calls, verdicts) { call.answer(verdict) }
        case .full:
            for call in batch.calls { call.answer(.failure(.noSpace)) }
        case .broken(let cause):
            breakDown(cause)
            for call in batch.calls { call.answer(.failure(.readOnly)) }
        }
    }

    /// Carries the log over into the database, so that it starts anew. A full disk leaves it for the next time.
    private func checkpoint(_ db: Database, _ mode: Database.CheckpointMode) {
        do {
            try db.checkpoint(mode)
        } catch let error as DatabaseError where [.SQLITE_FULL, .SQLITE_BUSY].contains(error.resultCode) {
            logger.notice("ledger: checkpoint put off", metadata: ["cause": "\(error)"])
        } catch {
            breakDown("checkpoint failed: \(error)")
        }
    }

    private func breakDown(_ cause: String) {
        let calls = queue.withLock { $0.breakDown() }
        logger.critical("ledger: read-only until restart", metadata: ["cause": "\(cause)"])
        for call in calls { call.answer(.failure(.readOnly)) }
    }

    /// What waits is still written. A broken ledger stays marked as in use, so that the next start checks it.
    private func finish(_ db: Database) throws {
        while let batch = queue.withLock({ $0.next() }) { settle(batch, in: db) }
        if !isReadOnly { checkpoint(db, .truncate) }
        if !isReadOnly { try LedgerStart.noteCleanStop(db) }
    }
}

/// For tests only.
extension SQLLedger {
    /// How many transactions there were since the first ledger of this file.
    package var transactionCount: Int64 { queue.withLock { $0.batchNumber } }

    /// Asks SQLite for a setting of the writer's connection, or sets it: `synchronous`, `max_page_count = 40`.
    package func pragma(_ text: String) async throws -> String? {
        try await pool.onWriter { try String.fetchOne($0, sql: "PRAGMA \(text)") }
    }
}
