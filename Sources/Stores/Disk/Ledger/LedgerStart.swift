import GRDB

/// What happens between opening the file and the first commit.
struct LedgerStart {
    /// The number of the last batch that kept a chunk.
    let batch: Int64
    /// Whether the ledger was not closed before, so that it was checked now.
    let wasChecked: Bool

    /// Refuses a damaged ledger; then notes that it is in use, and whose it is.
    ///
    /// - Parameter creating: Whether a database without tables is a new ledger; else its log was lost, and they with
    ///   it.
    init(_ db: Database, store: String, creating: Bool) throws {
        try LedgerSettings.makeDurable(db)
        guard try creating || !LedgerSchema.isNew(db) else { throw LedgerError.Reason.damaged("it has no tables") }
        wasChecked = try !LedgerSchema.isNew(db) && Self.note(of: "stop", db) == "unclean"
        if wasChecked { try Self.check(db) }
        try Self.makeRecoveredDurable(db)
        try LedgerSchema.migrate(db)
        try Self.note("store", store, db)
        try Self.note("stop", "unclean", db)
        // Carried over, too: a lost log must not take along that one was in use.
        try db.checkpoint(.truncate)
        batch = try Int64.fetchOne(db, sql: "SELECT max(batch) FROM chunk") ?? 0
    }

    /// Refuses the ledger of another store. A new one is nobody's yet.
    static func recognise(_ db: Database, store: String) throws {
        guard try !LedgerSchema.isNew(db), let found = try note(of: "store", db), found != store else { return }
        throw LedgerError.Reason.otherStore(found: found)
    }

    /// Notes that all is well: the next start need not check.
    static func noteCleanStop(_ db: Database) throws {
        try note("stop", "clean", db)
    }

    private static func note(_ key: String, _ value: String, _ db: Database) throws {
        try db.execute(sql: "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", arguments: [key, value])
    }

    private static func note(of key: String, _ db: Database) throws -> String? {
        try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }

    /// Carries the log over into the database.
    ///
    /// After a failed sync the log may be whole in the system's cache and not on the disk, and a second sync would not
    /// write it (stops of this kind end as `readOnly`). Its pages written anew are durable before anyone hears of them.
    private static func makeRecoveredDurable(_ db: Database) throws {
        try db.checkpoint(.truncate)
    }

    /// Reads every page. Rows against indexes are left out: that takes several times as long.
    private static func check(_ db: Database) throws {
        let finding = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
        guard finding == "ok" else { throw LedgerError.Reason.damaged(finding ?? "no answer from quick_check") }
    }
}
