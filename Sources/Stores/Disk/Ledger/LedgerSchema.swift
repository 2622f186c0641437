import GRDB

/// The tables and how they came to be (spec/ledger.md, "Tables").
enum LedgerSchema {
    /// Each step leads from the version of its index to the next; a step that was released never changes.
    private static let steps = [first, checking, owners]

    /// "Crn1": what SQLite's header calls the application.
    private static let applicationID: Int64 = 0x4372_6E31

    /// Refuses a database that is not a ledger, or one of a schema that is not known here.
    static func recognise(_ db: Database) throws {
        guard try !isNew(db) else { return }
        let application = try Int64.fetchOne(db, sql: "PRAGMA application_id")
        guard application == applicationID else { throw LedgerError.Reason.foreign }
        let version = try version(db)
        guard (1...steps.count).contains(version) else { throw LedgerError.Reason.newer(version: version) }
    }

    /// Whether the file has no table yet.
    static func isNew(_ db: Database) throws -> Bool {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
    }

    /// Brings the schema to the newest version, each step in a transaction with the number that records it.
    static func migrate(_ db: Database) throws {
        for (index, step) in steps.enumerated().dropFirst(try version(db)) {
            try db.inTransaction(.immediate) {
                try db.execute(sql: step)
                try db.execute(sql: "PRAGMA user_version = \(index + 1)")
                return .commit
            }
        }
    }

    private static func version(_ db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    }

    private static let first = """
        PRAGMA application_id = \(applicationID);

        CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

        CREATE TABLE namespace (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

        CREATE TABLE chunk (
            id INTEGER PRIMARY KEY,
            namespace INTEGER NOT NULL REFERENCES namespace,
            digest BLOB NOT NULL,
            length INTEGER NOT NULL,
            stored INTEGER NOT NULL,
            codec INTEGER NOT NULL,
            batch INTEGER NOT NULL,
            state INTEGER NOT NULL,
            UNIQUE (namespace, digest));
        CREATE INDEX recent ON chunk (batch);
        CREATE INDEX unsound ON chunk (namespace, id) WHERE state <> 0;

        CREATE TABLE upload (
            row INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            namespace INTEGER NOT NULL REFERENCES namespace,
            owner BLOB NOT NULL,
            chunk_size INTEGER NOT NULL,
            created INTEGER NOT NULL,
            metadata TEXT NOT NULL,
            state INTEGER NOT NULL,
            length INTEGER,
            inferred INTEGER NOT NULL,
            run_count INTEGER NOT NULL,
            run_length INTEGER NOT NULL,
            run_peaks BLOB NOT NULL,
            tail_length INTEGER,
            tail_digest BLOB,
            tail_generation INTEGER,
            ragged INTEGER NOT NULL,
            acknowledged INTEGER NOT NULL,
            expires INTEGER,
            named_count INTEGER NOT NULL,
            content_id BLOB,
            terms TEXT);
        CREATE INDEX listed ON upload (namespace, state);
        CREATE INDEX content ON upload (content_id) WHERE content_id IS NOT NULL;
        CREATE INDEX expiring ON upload (namespace, state, expires) WHERE expires IS NOT NULL;

        CREATE TABLE entry (
            upload INTEGER NOT NULL REFERENCES upload,
            idx INTEGER NOT NULL,
            chunk INTEGER NOT NULL REFERENCES chunk,
            PRIMARY KEY (upload, idx)) WITHOUT ROWID;
        CREATE INDEX reference ON entry (chunk);

        CREATE TABLE named (
            upload INTEGER NOT NULL REFERENCES upload,
            idx INTEGER NOT NULL,
            digest BLOB NOT NULL,
            length INTEGER NOT NULL,
            PRIMARY KEY (upload, idx)) WITHOUT ROWID;
        CREATE INDEX wanted ON named (upload, digest);

        CREATE TABLE start_byte (
            key BLOB PRIMARY KEY,
            current INTEGER NOT NULL REFERENCES upload,
            challenger INTEGER REFERENCES upload) WITHOUT ROWID;
        CREATE INDEX stands ON start_byte (current);
        CREATE INDEX challenges ON start_byte (challenger);

        CREATE TABLE unshed (upload INTEGER PRIMARY KEY REFERENCES upload);
        """

    /// When each chunk's bytes were last known to be right; of those kept before this was written down nobody knows.
    private static let checking = """
        ALTER TABLE chunk ADD COLUMN verified INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX verified ON chunk (namespace, verified);
        CREATE INDEX damaged ON chunk (id) WHERE state = 1;
        """

    /// What one principal has is found without looking at what others have.
    private static let owners = """
        CREATE INDEX owned ON upload (namespace, owner, state);
        """
}
