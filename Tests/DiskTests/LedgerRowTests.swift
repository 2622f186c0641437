import CairnContent
import CairnDisk
import CairnEngine
import GRDB
import LedgerConformance
import Testing

/// Values that SQLite takes and no ledger has: what a lying disk or a stranger's hand leaves.
@Suite struct `A row that does not parse` {
    /// What is put into a row, what is asked then, and what the error says.
    struct Case: Sendable, CustomTestStringConvertible {
        let sql: String
        let says: String
        let ask: @Sendable (SQLLedger, Upload) async throws -> Void

        init(_ sql: String, says: String, _ ask: @escaping @Sendable (SQLLedger, Upload) async throws -> Void) {
            (self.sql, self.says, self.ask) = (sql, says, ask)
        }

        var testDescription: String { sql }
    }

    static let cases = [
        Case("UPDATE chunk SET digest = x'00' WHERE id = 1", says: "the entry at index 0") {
            _ = try await $0.entries(of: $1.id, in: 0..<3)
        },
        Case("UPDATE chunk SET length = 0 WHERE id = 2", says: "the entry at index 1") {
            _ = try await $0.entries(of: $1.id, in: 0..<3)
        },
        Case("UPDATE chunk SET digest = x'00' WHERE id = 1", says: "the digest of a chunk") { ledger, _ in
            _ = try await ledger.recentDigests(batches: 10)
        },
        Case("DELETE FROM entry; UPDATE chunk SET codec = 9", says: "the codec of") { ledger, _ in
            _ = try await ledger.unreferenced(in: .standard, after: nil, looking: 10)
        },
        Case("UPDATE upload SET id = x'00'", says: "a name's upload") {
            _ = try await $0.generations(of: UploadKey("\($1.id)", of: .everyone))
        },
        Case("INSERT INTO unshed SELECT row FROM upload; UPDATE upload SET id = x'00'", says: "the id of an upload") {
            ledger, _ in _ = try await ledger.unshed(limit: 10)
        },
        Case("UPDATE upload SET run_peaks = x'00'", says: "the column run_peaks of an upload") {
            _ = try await $0.upload($1.id)
        },
        Case("UPDATE upload SET state = 99", says: "the column state of an upload") { _ = try await $0.upload($1.id) },
        Case("UPDATE upload SET tail_length = 5, tail_digest = x'00', tail_generation = 1", says: "tail_digest") {
            _ = try await $0.upload($1.id)
        },
        Case("UPDATE upload SET chunk_size = 7", says: "chunk_size") { _ = try await $0.upload($1.id) },
        Case("UPDATE upload SET metadata = '{'", says: "a row does not parse") { _ = try await $0.upload($1.id) },
        Case("DROP INDEX recent", says: "no such index") { ledger, _ in
            _ = try await ledger.recentDigests(batches: 10)
        },
    ]

    @Test(arguments: cases) func `is an error that says what is wrong, and the ledger goes on`(_ one: Case) async throws
    {
        let folder = try LedgerFolder()
        try await folder.withLedger { ledger in
            let upload = try await ledger.begin(0..<3)
            let other = try DatabaseQueue(path: folder.ledgerPath)
            try await other.write { try $0.execute(sql: one.sql) }
            try other.close()
            do {
                try await one.ask(ledger, upload)
                Issue.record("answered")
            } catch StoreError.failed(let text) {
                #expect(text.contains(one.says), "\(text)")
                #expect(text.hasPrefix("ledger: "))
            }
            _ = try await ledger.pragma("user_version")
        }
    }
}
