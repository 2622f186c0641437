import CairnContent
import CairnEngine
import Foundation
import GRDB

/// What the collector asks (spec/reclaiming.md). Each question looks at so many rows and no more.
extension LedgerReader {
    /// Goes along the index of digests, so that chunks which lie in one directory come together.
    func unreferenced(in namespace: Namespace, after digest: Digest?, looking limit: Int) throws -> ChunkPage {
        let sql = """
            SELECT 0, digest, length, stored, codec,
                state <> \(ChunkState.condemned.rawValue)
                AND NOT EXISTS (SELECT 1 FROM entry INDEXED BY reference WHERE entry.chunk = chunk.id)
            FROM chunk INDEXED BY sqlite_autoindex_chunk_1
            WHERE namespace = (SELECT id FROM namespace WHERE name = ?) AND digest > ? ORDER BY digest LIMIT ?
            """
        // Before the first digest comes what is shorter.
        let arguments: StatementArguments = [namespace.description, digest?.data ?? Data(), limit]
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var page = ChunkPage(chunks: [], last: nil)
        var count = 0
        while let row = try rows.next() {
            count += 1
            let entry = try Self.entry(row)
            if count == limit { page.last = entry.digest }
            if try row.decode(Bool.self, atIndex: 5) { page.chunks.append(try Self.chunk(entry, row)) }
        }
        return page
    }

    func condemned(among digests: Set<Digest>?, in namespace: Namespace, limit: Int) throws -> [StoredChunk] {
        guard let digests else { return try condemned(in: namespace, limit: limit) }
        let statement = try db.cachedStatement(
            sql: """
                SELECT 0, digest, length, stored, codec FROM chunk
                WHERE namespace = (SELECT id FROM namespace WHERE name = ?) AND digest = ?
                AND state = \(ChunkState.condemned.rawValue)
                """)
        var found: [StoredChunk] = []
        for digest in digests where found.count < limit {
            let row = try Row.fetchOne(statement, arguments: [namespace.description, digest.data])
            if let row { found.append(try Self.chunk(try Self.entry(row), row)) }
        }
        return found
    }

    private func condemned(in namespace: Namespace, limit: Int) throws -> [StoredChunk] {
        let sql = """
            SELECT 0, digest, length, stored, codec FROM chunk INDEXED BY unsound
            WHERE namespace = (SELECT id FROM namespace WHERE name = ?)
            AND state <> 0 AND state = \(ChunkState.condemned.rawValue) LIMIT ?
            """
        let arguments: StatementArguments = [namespace.description, limit]
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        return try Array(rows.map { try Self.chunk(try Self.entry($0), $0) })
    }

    func recorded(of digests: Set<Digest>, in namespace: Namespace) throws -> Set<Digest> {
        let statement = try db.cachedStatement(
            sql: "SELECT 1 FROM chunk WHERE namespace = (SELECT id FROM namespace WHERE name = ?) AND digest = ?")
        return try digests.filter {
            try Int.fetchOne(statement, arguments: [namespace.description, $0.data]) != nil
        }
    }

    func unshed(limit: Int) throws -> [UploadID] {
        let sql = "SELECT id FROM unshed JOIN upload ON upload.row = unshed.upload ORDER BY unshed.upload LIMIT ?"
        return try Data.fetchAll(db.cachedStatement(sql: sql), arguments: [limit]).map { data in
            guard let id = UploadID(bytes: data) else { throw LedgerRefusal(reason: "damaged: the id of an upload") }
            return id
        }
    }

    static func chunk(_ entry: Entry, _ row: Row) throws -> StoredChunk {
        guard let codec = StoredChunk.Codec(rawValue: try row.decode(UInt8.self, atIndex: 4)) else {
            throw LedgerRefusal(reason: "damaged: the codec of \(entry.digest)")
        }
        return StoredChunk(entry: entry, storedLength: try row.decode(Int.self, atIndex: 3), codec: codec)
    }
}
