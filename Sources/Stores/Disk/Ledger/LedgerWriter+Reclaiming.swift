import CairnContent
import CairnEngine
import Foundation
import GRDB

/// What the collector writes (spec/reclaiming.md). Each change is small: bounded by what it is given.
extension LedgerWriter {
    /// Only the row of the upload changes; its entries are shed later, a slice at a time.
    func end(_ upload: Upload) throws {
        guard let before = try LedgerReader(db: db).upload(upload.id),
            before.state == .open || before.state == .complete,
            upload.state == .cancelled || upload.state == .expired
        else { throw LedgerRefusal(reason: "\(upload.id) has ended, or does not end") }
        let row = try write(upload, row(of: upload.namespace))
        try run(
            """
            INSERT INTO unshed SELECT ?1 WHERE EXISTS (SELECT 1 FROM entry WHERE upload = ?1)
            OR EXISTS (SELECT 1 FROM named WHERE upload = ?1)
            """, [row])
    }

    func shed(_ id: UploadID, _ limit: Int) throws {
        guard let row = try row(of: id), try value("SELECT 1 FROM unshed WHERE upload = ?", [row]) != nil else {
            throw LedgerRefusal(reason: "\(id) has nothing to shed")
        }
        let count = try shed(from: "entry", of: row, limit)
        let rest = limit - count
        guard rest > 0, try shed(from: "named", of: row, rest) < rest else { return }
        try run("DELETE FROM unshed WHERE upload = ?", [row])
    }

    /// Returns how many were deleted; fewer than `limit` when none is left.
    private func shed(from table: String, of upload: Int64, _ limit: Int) throws -> Int {
        let last = try value(
            "SELECT idx FROM \(table) WHERE upload = ? ORDER BY idx LIMIT 1 OFFSET ?", [upload, limit])
        try run("DELETE FROM \(table) WHERE upload = ? AND idx < ?", [upload, last ?? .max])
        return db.changesCount
    }

    func condemn(_ digests: [Digest], in namespace: Namespace) throws {
        let namespace = try row(of: namespace)
        for digest in digests {
            try run(
                """
                UPDATE chunk SET state = \(ChunkState.condemned.rawValue) WHERE namespace = ? AND digest = ?
                AND NOT EXISTS (SELECT 1 FROM entry INDEXED BY reference WHERE entry.chunk = chunk.id)
                """, [namespace, digest.data])
        }
    }

    func drop(_ digests: [Digest], in namespace: Namespace) throws {
        let namespace = try row(of: namespace)
        for digest in digests {
            try run(
                "DELETE FROM chunk WHERE namespace = ? AND digest = ? AND state = \(ChunkState.condemned.rawValue)",
                [namespace, digest.data])
            guard db.changesCount == 1 else { throw LedgerRefusal(reason: "\(digest) is not condemned") }
        }
    }

    /// One that has not ended, or whose entries are not shed, stays.
    func forget(_ id: UploadID) throws {
        let sql = "SELECT row FROM upload WHERE id = ? AND state > 1 AND row NOT IN (SELECT upload FROM unshed)"
        guard let row = try value(sql, [Data(id.bytes)]) else { return }
        try run("UPDATE start_byte SET challenger = NULL WHERE challenger = ?", [row])
        try run(
            """
            UPDATE start_byte SET current = challenger, challenger = NULL
            WHERE current = ? AND challenger IS NOT NULL
            """,
            [row])
        try run("DELETE FROM start_byte WHERE current = ?", [row])
        try run("DELETE FROM upload WHERE row = ?", [row])
    }
}
