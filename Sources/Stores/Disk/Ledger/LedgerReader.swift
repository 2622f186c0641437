import CairnContent
import CairnEngine
import Foundation
import GRDB

/// Reads rows on one snapshot.
struct LedgerReader {
    let db: Database

    func upload(_ id: UploadID) throws -> Upload? {
        let statement = try db.cachedStatement(sql: "SELECT \(UploadRow.selection) FROM upload WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [Data(id.bytes)]).map(UploadRow.upload)
    }

    /// Newest first, by the order in which they came to be known, which no clock can turn around.
    func uploads(_ query: UploadQuery) throws -> [Upload] {
        var conditions = ["namespace = (SELECT id FROM namespace WHERE name = ?)", "state = ?"]
        var arguments: StatementArguments = [query.namespace.description, query.state.rawValue]
        if let expiring = query.expiring {
            conditions.append("expires <= ?")
            arguments += [expiring.seconds]
        }
        if let after = query.after {
            conditions.append("row < (SELECT row FROM upload WHERE id = ?)")
            arguments += [Data(after.bytes)]
        }
        let sql = """
            SELECT \(UploadRow.selection) FROM upload INDEXED BY \(query.expiring == nil ? "listed" : "expiring")
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY row DESC LIMIT ?
            """
        // SQLite takes a negative limit for none.
        let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments + [max(query.limit, 0)])
        return try Array(cursor.map(UploadRow.upload))
    }

    /// The join keeps its order, and a chunk that is gone shows as a gap instead of moving all that follow.
    func entries(of id: UploadID, in indices: Range<Int>) throws -> [Entry] {
        let sql = """
            SELECT idx, digest, length FROM entry LEFT JOIN chunk ON chunk.id = entry.chunk
            WHERE upload = (SELECT row FROM upload WHERE id = ?) AND idx >= ? AND idx < ? ORDER BY idx
            """
        let arguments: StatementArguments = [Data(id.bytes), indices.lowerBound, indices.upperBound]
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var entries: [Entry] = []
        while let row = try rows.next() {
            entries.append(try entry(row, at: max(indices.lowerBound, 0) + entries.count))
        }
        return entries
    }

    private func entry(_ row: Row, at index: Int) throws -> Entry {
        guard try row.decode(Int.self, atIndex: 0) == index,
            let digest = try row.decode(Data?.self, atIndex: 1).flatMap(Digest.init(_:)),
            let entry = Entry(checking: digest, length: try row.decode(Int.self, atIndex: 2))
        else { throw LedgerRefusal(reason: "damaged: the entry at index \(index)") }
        return entry
    }

    func generations(of key: UploadKey) throws -> Generations? {
        let sql = """
            SELECT (SELECT id FROM upload WHERE row = current), (SELECT id FROM upload WHERE row = challenger)
            FROM start_byte WHERE key = ?
            """
        let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [key.digest.data])
        guard let row else { return nil }
        guard let current = UploadID(bytes: try row.decode(Data.self, atIndex: 0)) else {
            throw LedgerRefusal(reason: "damaged: a name's upload")
        }
        return Generations(
            current: current, challenger: try row.decode(Data?.self, atIndex: 1).flatMap { UploadID(bytes: $0) })
    }

    func recentDigests(in namespace: Namespace, batches: Int) throws -> [Digest] {
        let sql = """
            SELECT digest FROM chunk INDEXED BY recent
            WHERE batch > (SELECT max(batch) FROM chunk) - ? AND namespace = (SELECT id FROM namespace WHERE name = ?)
            """
        let arguments: StatementArguments = [batches, namespace.description]
        return try Data.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map { data in
            guard let digest = Digest(data) else { throw LedgerRefusal(reason: "damaged: the digest of a chunk") }
            return digest
        }
    }
}
