import CairnContent
import CairnEngine
import GRDB

/// Entries that are named before their chunks are there: `named` holds those that are missing, `entry` the others.
extension LedgerWriter {
    /// Changes an open upload as the ledger has it now.
    func edit(_ id: UploadID, _ work: (inout Upload, Int64) throws -> Void) throws {
        guard var upload = try LedgerReader(db: db).upload(id), let row = try row(of: id), upload.state == .open else {
            throw LedgerRefusal(reason: "\(id) is not open")
        }
        try work(&upload, row)
        _ = try write(upload, self.row(of: upload.namespace))
    }

    /// Names `entries`; what is known there already must be the same.
    func declare(
        _ entries: [Entry], from index: Int, of upload: inout Upload, _ row: Int64, kept: Set<Digest>
    ) throws {
        guard (0...upload.entryCount).contains(index) else { throw LedgerRefusal(reason: "a gap before \(index)") }
        let known = try LedgerReader(db: db).known(of: upload.id, in: index..<(index + entries.count))
        for (known, entry) in zip(known, entries) where known.entry != entry {
            throw LedgerRefusal(reason: "another entry stands there")
        }
        let namespace = try self.row(of: upload.namespace)
        var numbers: [Entry: Int64] = [:]
        for entry in Set(entries) {
            numbers[entry] =
                try kept.contains(entry.digest)
                ? number(of: entry, in: namespace) : number(of: entry, in: namespace, broughtBy: row)
        }
        for (place, known) in zip(index..., known) where !known.isPresent && numbers[known.entry] != nil {
            try run("DELETE FROM named WHERE upload = ? AND idx = ?", [row, place])
            try name(known.entry, at: place, of: row, chunk: numbers[known.entry])
        }
        for (place, entry) in zip(index..., entries).dropFirst(known.count) {
            try name(entry, at: place, of: row, chunk: numbers[entry])
        }
    }

    /// Of a live chunk that the upload refers to elsewhere: it may have come after the client's question was answered.
    private func number(of entry: Entry, in namespace: Int64, broughtBy upload: Int64) throws -> Int64? {
        guard let number = try number(of: entry, in: namespace),
            try value(
                "SELECT 1 FROM entry INDEXED BY reference WHERE chunk = ? AND upload = ? LIMIT 1", [number, upload])
                != nil
        else { return nil }
        return number
    }

    private func name(_ entry: Entry, at index: Int, of upload: Int64, chunk: Int64?) throws {
        guard let chunk else {
            return try run(
                "INSERT INTO named (upload, idx, digest, length) VALUES (?, ?, ?, ?)",
                [upload, index, entry.digest.data, entry.length])
        }
        try run("INSERT INTO entry (upload, idx, chunk) VALUES (?, ?, ?)", [upload, index, chunk])
    }

    /// Every entry that names the chunk refers to it from now on.
    func place(_ chunk: StoredChunk, in upload: Upload, _ row: Int64) throws {
        let number = try keep(chunk, in: self.row(of: upload.namespace))
        let arguments: StatementArguments = [row, chunk.entry.digest.data, chunk.entry.length]
        // Without statistics SQLite would walk all that the upload names.
        let named = "named INDEXED BY wanted WHERE upload = ? AND digest = ? AND length = ?"
        try run("INSERT INTO entry (upload, idx, chunk) SELECT upload, idx, ? FROM \(named)", [number] + arguments)
        try run("DELETE FROM \(named)", arguments)
    }

    /// The run goes on as far as chunks are there without a gap.
    func advance(_ upload: inout Upload, _ row: Int64) throws {
        let sql = """
            SELECT idx, digest, length FROM entry JOIN chunk ON chunk.id = entry.chunk
            WHERE upload = ? AND idx >= ? ORDER BY idx
            """
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: [row, upload.run.count])
        var entries: [Entry] = []
        while let next = try rows.next(), try next.decode(Int.self, atIndex: 0) == upload.run.count + entries.count {
            entries.append(try LedgerReader.entry(next))
        }
        upload.advance(along: entries)
    }

    /// The chunks at `indices` are gone: their entries are named again.
    func lose(_ indices: [Int], of upload: inout Upload, _ row: Int64) throws {
        let reader = LedgerReader(db: db)
        for index in indices {
            guard let known = try reader.known(of: upload.id, in: index..<(index + 1)).first else {
                throw LedgerRefusal(reason: "no entry stands at index \(index)")
            }
            try run("DELETE FROM entry WHERE upload = ? AND idx = ?", [row, index])
            try run("DELETE FROM named WHERE upload = ? AND idx = ?", [row, index])
            try name(known.entry, at: index, of: row, chunk: nil)
        }
        let first = indices.min() ?? .max
        let run = first < upload.run.count ? Run(try reader.entries(of: upload.id, in: 0..<first)) : upload.run
        upload.shorten(to: run, entryCount: upload.entryCount)
    }
}
