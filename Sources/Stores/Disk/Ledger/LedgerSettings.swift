import GRDB

/// How SQLite is set up, in one place (spec/ledger.md, "Settings").
package enum LedgerSettings {
    /// Refuses, before anything is written, what is not a ledger of `store`.
    static func configuration(store: String) -> Configuration {
        var configuration = Configuration()
        configuration.label = "ledger"
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(5)
        // A transaction that a broken disk will not let us roll back must not become a trap; the writer checks.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { try prepare($0, store: store) }
        return configuration
    }

    /// What holds for every connection, and on the writer's, the first, what comes before the first table.
    private static func prepare(_ db: Database, store: String) throws {
        try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY")
        guard !db.configuration.readonly else { return }
        try LedgerSchema.recognise(db)
        try LedgerStart.recognise(db, store: store)
        try db.execute(sql: "PRAGMA page_size = 8192")
    }

    /// Sets what GRDB sets otherwise when it opens a pool, and reads back all on which durability rests.
    ///
    /// `DatabasePool` sets `synchronous = NORMAL` after `prepareDatabase` has run, so it is set here. Checkpoints are
    /// the writer's own work, after its answers, where their errors are seen. Digests fall anywhere in their index, so
    /// the writer keeps 32 MiB of pages.
    static func makeDurable(_ db: Database) throws {
        try db.execute(
            sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -32768")
        try examine { try String.fetchOne(db, sql: "PRAGMA \($0)") }
    }

    /// - Parameter answer: What SQLite says that a setting is.
    package static func examine(_ answer: (String) throws -> String?) throws {
        for (setting, value) in [("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1")] {
            guard try answer(setting) == value else { throw LedgerError.Reason.unsuited("\(setting) = \(value)") }
        }
    }
}
