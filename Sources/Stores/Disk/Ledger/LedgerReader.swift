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
        if let owner = query.owner {
            conditions.append("owner = ?")
            arguments += [Data(owner.description.utf8)]
        }
        if let expiring = query.expiring {
            conditions.append("expires <= ?")
            arguments += [expiring.seconds]
        }
        if let after = query.after {
            conditions.append("row < (SELECT row FROM upload WHERE id = ?)")
            arguments += [Data(after.bytes)]
        }
        let index = query.expiring != nil ? "expiring" : query.owner != nil ? "owned" : "listed"
        let sql = """
            SELECT \(UploadRow.selection) FROM upload INDEXED BY \(index)
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
            WHERE upload = (SELECT row FROM upload WHERE id = ? AND state < 2) AND idx >= ? AND idx < ? ORDER BY idx
            """
        let arguments: StatementArguments = [Data(id.bytes), indices.lowerBound, indices.upperBound]
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var entries: [Entry] = []
        let first = max(indices.lowerBound, 0)
        while let row = try rows.next(), try row.decode(Int.self, atIndex: 0) == first + entries.count {
            entries.append(try Self.entry(row))
        }
        return entries
    }

    /// Named and present ones together; an index has one of both.
    func known(of id: UploadID, in indices: Range<Int>) throws -> [KnownEntry] {
        let sql = """
            SELECT idx, digest, length, 1 FROM entry LEFT JOIN chunk ON chunk.id = entry.chunk
            WHERE upload = :upload AND idx >= :first AND idx < :end
            UNION ALL SELECT idx, digest, length, 0 FROM named
            WHERE upload = :upload AND idx >= :first AND idx < :end
            ORDER BY idx
            """
        guard let upload = try row(of: id) else { return [] }
        let first = max(indices.lowerBound, 0)
        let arguments: StatementArguments = ["upload": upload, "first": first, "end": indices.upperBound]
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var entries: [KnownEntry] = []
        while let row = try rows.next(), try row.decode(Int.self, atIndex: 0) == first + entries.count {
            entries.append(KnownEntry(try Self.entry(row), isPresent: try row.decode(Bool.self, atIndex: 3)))
        }
        return entries
    }

    func standing(of digest: Digest, in id: UploadID) throws -> KnownEntry? {
        let sql = """
            SELECT idx, digest, length, 0 FROM named INDEXED BY wanted WHERE upload = :upload AND digest = :digest
            UNION ALL SELECT idx, digest, length, 1 FROM chunk JOIN entry ON entry.chunk = chunk.id
            WHERE digest = :digest AND upload = :upload
            AND namespace = (SELECT namespace FROM upload WHERE row = :upload) LIMIT 1
            """
        guard let upload = try row(of: id) else { return nil }
        let arguments: StatementArguments = ["upload": upload, "digest": digest.data]
        guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments) else { return nil }
        return KnownEntry(try Self.entry(row), isPresent: try row.decode(Bool.self, atIndex: 3))
    }

    /// How many of a chunk's references are looked at for one of an owner's, the newest: what it takes must not grow
    /// with what others have.
    private static let lookedAt = 16

    func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) throws -> [Digest: Timestamp] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT verified FROM chunk WHERE namespace = (SELECT id FROM namespace WHERE name = ?) AND digest = ?
                AND state = 0 AND (?3 IS NULL OR EXISTS (
                    SELECT 1 FROM (
                        SELECT upload FROM entry INDEXED BY reference WHERE entry.chunk = chunk.id
                        ORDER BY upload DESC LIMIT \(Self.lookedAt)) AS newest
                    JOIN upload ON upload.row = newest.upload WHERE upload.owner = ?3 AND upload.state < 2))
                """)
        let owner = owner.map { Data($0.description.utf8) }
        var kept: [Digest: Timestamp] = [:]
        for digest in digests {
            let arguments: StatementArguments = [namespace.description, digest.data, owner]
            if let seconds = try Int64.fetchOne(statement, arguments: arguments) {
                kept[digest] = Timestamp(seconds: seconds)
            }
        }
        return kept
    }

    func file(_ contentID: Digest, in namespace: Namespace, of owner: Principal) throws -> Upload? {
        let sql = """
            SELECT \(UploadRow.selection) FROM upload INDEXED BY content
            WHERE content_id = ? AND state = ? AND expires IS NULL
            AND owner = ? AND namespace = (SELECT id FROM namespace WHERE name = ?) ORDER BY row DESC LIMIT 1
            """
        let arguments: StatementArguments = [
            contentID.data, Upload.State.complete.rawValue, Data(owner.description.utf8), namespace.description,
        ]
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments).map(UploadRow.upload)
    }

    /// The number of an upload that has not ended: others have no entries.
    func row(of upload: UploadID) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT row FROM upload WHERE id = ? AND state < 2"),
            arguments: [Data(upload.bytes)])
    }

    static func entry(_ row: Row) throws -> Entry {
        guard let digest = try row.decode(Data?.self, atIndex: 1).flatMap(Digest.init(_:)),
            let entry = Entry(checking: digest, length: try row.decode(Int.self, atIndex: 2))
        else {
            throw LedgerRefusal(reason: "damaged: the entry at index \(try row.decode(Int.self, atIndex: 0))")
        }
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
