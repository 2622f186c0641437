import CairnContent
import CairnEngine
import Foundation
import GRDB

/// Writes single changes as rows, inside a transaction that others begin and end.
struct LedgerWriter {
    let db: Database
    let batch: Int64

    func apply(_ change: LedgerChange) throws {
        switch change {
        case .write(let upload, let entries): try write(upload, entries)
        case .branch(let upload, let origin): try branch(upload, from: origin)
        case .name(let key, let generations?): try name(key, generations)
        case .name(let key, nil): try run("DELETE FROM start_byte WHERE key = ?", [key.digest.data])
        case .join(let upload, let origins): try join(upload, origins)
        }
    }

    private func write(_ upload: Upload, _ entries: [StoredChunk]) throws {
        let namespace = try row(of: upload.namespace)
        let row = try write(upload, namespace)
        let first = upload.run.count - entries.count
        try makeRoom(from: first, in: row)
        for (place, chunk) in entries.enumerated() {
            try write(chunk, at: first + place, of: row, namespace)
        }
    }

    private func branch(_ upload: Upload, from origin: UploadID) throws {
        let row = try write(upload, row(of: upload.namespace))
        try makeRoom(from: 0, in: row)
        try run(
            "INSERT INTO entry (upload, idx, chunk) SELECT ?, idx, chunk FROM entry WHERE upload = ? AND idx < ?",
            [row, self.row(of: origin), upload.run.count])
        guard db.changesCount == upload.run.count else {
            throw LedgerRefusal(reason: "\(origin) has fewer than \(upload.run.count) entries to branch from")
        }
    }

    private func join(_ upload: Upload, _ origins: [UploadID]) throws {
        let row = try write(upload, row(of: upload.namespace))
        try makeRoom(from: 0, in: row)
        var count = 0
        for origin in origins {
            try run(
                "INSERT INTO entry (upload, idx, chunk) SELECT ?, idx + ?, chunk FROM entry WHERE upload = ?",
                [row, count, self.row(of: origin)])
            count += db.changesCount
        }
        guard count == upload.run.count else {
            throw LedgerRefusal(reason: "\(count) entries to join, and not \(upload.run.count)")
        }
    }

    private func write(_ upload: Upload, _ namespace: Int64) throws -> Int64 {
        try run(UploadRow.upsert, UploadRow.arguments(upload, namespace: namespace))
        guard let row = try row(of: upload.id) else { throw LedgerRefusal(reason: "\(upload.id) was not written") }
        return row
    }

    /// Clears the indices from `first` on, and sees to it that there is no gap before them.
    private func makeRoom(from first: Int, in upload: Int64) throws {
        guard first >= 0 else { throw LedgerRefusal(reason: "more entries than the run has") }
        try run("DELETE FROM entry WHERE upload = ? AND idx >= ?", [upload, first])
        guard first > 0 else { return }
        let last = try value("SELECT idx FROM entry WHERE upload = ? AND idx = ?", [upload, first - 1])
        guard last != nil else { throw LedgerRefusal(reason: "no entry stands before index \(first)") }
    }

    private func write(_ chunk: StoredChunk, at index: Int, of upload: Int64, _ namespace: Int64) throws {
        let digest = chunk.entry.digest.data
        try run(
            """
            INSERT INTO chunk (namespace, digest, length, stored, codec, batch) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET stored = excluded.stored, codec = excluded.codec, batch = excluded.batch
            """, [namespace, digest, chunk.entry.length, chunk.storedLength, chunk.codec.rawValue, batch])
        try run(
            "INSERT INTO entry (upload, idx, chunk) SELECT ?, ?, id FROM chunk WHERE namespace = ? AND digest = ?",
            [upload, index, namespace, digest])
        guard db.changesCount == 1 else { throw LedgerRefusal(reason: "chunk \(chunk.entry.digest) was not written") }
    }

    private func name(_ key: UploadKey, _ generations: Generations) throws {
        let ids = [generations.current, generations.challenger].compactMap(\.self)
        let rows = try ids.map { id in
            guard let row = try row(of: id) else { throw LedgerRefusal(reason: "a name for the unknown upload \(id)") }
            return row
        }
        try run(
            "INSERT OR REPLACE INTO start_byte (key, current, challenger) VALUES (?, ?, ?)",
            [key.digest.data, rows.first, rows.dropFirst().first])
    }

    private func row(of upload: UploadID) throws -> Int64? {
        try value("SELECT row FROM upload WHERE id = ?", [Data(upload.bytes)])
    }

    /// Namespaces are made when something is first written to them.
    private func row(of namespace: Namespace) throws -> Int64 {
        let query = "SELECT id FROM namespace WHERE name = ?"
        if let row = try value(query, [namespace.description]) { return row }
        try run("INSERT INTO namespace (name) VALUES (?)", [namespace.description])
        return db.lastInsertedRowID
    }

    private func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    private func value(_ sql: String, _ arguments: StatementArguments) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }
}
