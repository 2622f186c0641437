import CairnContent
import CairnEngine
import Foundation
import GRDB

/// Writes single changes as rows, inside a transaction that others begin and end.
struct LedgerWriter {
    let db: Database
    let batch: Int64
    /// When chunks that are kept now are known to be right.
    let moment: Timestamp

    func apply(_ change: LedgerChange) throws {
        switch change {
        case .write(let upload, let entries): try write(upload, entries)
        case .branch(let upload, let origin): try branch(upload, from: origin)
        case .name(let key, let generations?): try name(key, generations)
        case .name(let key, nil): try run("DELETE FROM start_byte WHERE key = ?", [key.digest.data])
        case .declare(let id, let index, let entries, let kept, let naming):
            try edit(id) { upload, row in
                try declare(entries, from: index, of: &upload, row, kept: kept)
                upload.apply(naming, entryCount: max(upload.entryCount, index + entries.count))
                try advance(&upload, row)
            }
        case .place(let id, let chunks, let placing):
            try edit(id) { upload, row in
                for chunk in chunks { try place(chunk, in: upload, row) }
                try advance(&upload, row)
                upload.apply(placing)
            }
        case .lose(let id, let indices): try edit(id) { try lose(indices, of: &$0, $1) }
        case .join(let upload, let origins): try join(upload, origins)
        case .end(let upload): try end(upload)
        case .shed(let id, let limit): try shed(id, limit)
        case .condemn(let digests, let namespace): try condemn(digests, in: namespace)
        case .drop(let digests, let namespace): try drop(digests, in: namespace)
        case .verify(let digests, let namespace, let moment): try verify(digests, in: namespace, at: moment)
        case .damage(let digests, let namespace, let moment): try damage(digests, in: namespace, at: moment)
        case .forget(let ids): for id in ids { try forget(id) }
        }
    }

    private func write(_ upload: Upload, _ entries: [StoredChunk]) throws {
        let namespace = try row(of: upload.namespace)
        guard !upload.isNamedAhead else { throw LedgerRefusal(reason: "named entries are not written like this") }
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
            [row, LedgerReader(db: db).row(of: origin), upload.run.count])
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
                [row, count, LedgerReader(db: db).row(of: origin)])
            count += db.changesCount
        }
        guard count == upload.run.count else {
            throw LedgerRefusal(reason: "\(count) entries to join, and not \(upload.run.count)")
        }
    }

    func write(_ upload: Upload, _ namespace: Int64) throws -> Int64 {
        guard
            try value(
                "SELECT 1 FROM unshed WHERE upload = (SELECT row FROM upload WHERE id = ?)", [Data(upload.id.bytes)])
                == nil
        else { throw LedgerRefusal(reason: "\(upload.id) has ended") }
        try run(UploadRow.upsert, UploadRow.arguments(upload, namespace: namespace))
        return try known(upload.id)
    }

    /// Clears the indices from `first` on, and sees to it that there is no gap before them.
    private func makeRoom(from first: Int, in upload: Int64) throws {
        guard first >= 0 else { throw LedgerRefusal(reason: "more entries than the run has") }
        try run("DELETE FROM entry WHERE upload = ? AND idx >= ?", [upload, first])
        try run("DELETE FROM named WHERE upload = ?", [upload])
        guard first > 0 else { return }
        let last = try value("SELECT idx FROM entry WHERE upload = ? AND idx = ?", [upload, first - 1])
        guard last != nil else { throw LedgerRefusal(reason: "no entry stands before index \(first)") }
    }

    private func write(_ chunk: StoredChunk, at index: Int, of upload: Int64, _ namespace: Int64) throws {
        try run(
            "INSERT INTO entry (upload, idx, chunk) VALUES (?, ?, ?)", [upload, index, try keep(chunk, in: namespace)])
    }

    /// The number of a chunk that is durable, new or not.
    func keep(_ chunk: StoredChunk, in namespace: Int64) throws -> Int64 {
        try run(
            """
            INSERT INTO chunk (namespace, digest, length, stored, codec, batch, verified, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, 0)
            ON CONFLICT DO UPDATE SET stored = excluded.stored, codec = excluded.codec, batch = excluded.batch,
                verified = excluded.verified, state = 0
            """,
            [
                namespace, chunk.entry.digest.data, chunk.entry.length, chunk.storedLength, chunk.codec.rawValue, batch,
                moment.seconds,
            ])
        guard let number = try number(of: chunk.entry, in: namespace) else {
            throw LedgerRefusal(reason: "chunk \(chunk.entry.digest) has another length")
        }
        return number
    }

    /// Of a live chunk. Nil also when the chunk of this digest is of another length than the entry says.
    func number(of entry: Entry, in namespace: Int64) throws -> Int64? {
        try value(
            "SELECT id FROM chunk WHERE namespace = ? AND digest = ? AND length = ? AND state = 0",
            [namespace, entry.digest.data, entry.length])
    }

    private func name(_ key: UploadKey, _ generations: Generations) throws {
        let ids = [generations.current, generations.challenger].compactMap(\.self)
        let rows = try ids.map(known)
        try run(
            "INSERT OR REPLACE INTO start_byte (key, current, challenger) VALUES (?, ?, ?)",
            [key.digest.data, rows.first, rows.dropFirst().first])
    }

    private func known(_ id: UploadID) throws -> Int64 {
        guard let row = try row(of: id) else { throw LedgerRefusal(reason: "there is no upload \(id)") }
        return row
    }

    func row(of upload: UploadID) throws -> Int64? {
        try value("SELECT row FROM upload WHERE id = ?", [Data(upload.bytes)])
    }

    /// Namespaces are made when something is first written to them.
    func row(of namespace: Namespace) throws -> Int64 {
        let query = "SELECT id FROM namespace WHERE name = ?"
        if let row = try value(query, [namespace.description]) { return row }
        try run("INSERT INTO namespace (name) VALUES (?)", [namespace.description])
        return db.lastInsertedRowID
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func value(_ sql: String, _ arguments: StatementArguments) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }
}
