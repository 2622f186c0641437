import CairnContent
import CairnEngine
import Foundation
import GRDB

/// What is asked of chunks that are looked at again (spec/checking.md). Each question looks at so many rows and no
/// more.
extension LedgerReader {
    func keptChunks(in namespace: Namespace, after digest: Digest?, limit: Int) throws -> [StoredChunk] {
        let sql = """
            SELECT 0, digest, length, stored, codec FROM chunk INDEXED BY sqlite_autoindex_chunk_1
            WHERE namespace = (SELECT id FROM namespace WHERE name = ?) AND digest > ?
            AND state = \(ChunkState.live.rawValue) ORDER BY digest LIMIT ?
            """
        // Before the first digest comes what is shorter.
        return try chunks(sql, [namespace.description, digest?.data ?? Data(), limit])
    }

    /// A clock that was turned back leaves moments that have not come yet; nobody knows when those were.
    func unverified(
        in namespace: Namespace, outside trusted: ClosedRange<Timestamp>, limit: Int
    ) throws -> [StoredChunk] {
        let (first, last) = (trusted.lowerBound.seconds, trusted.upperBound.seconds)
        let before = try chunks(Self.unverified("verified < ?"), [namespace.description, first, limit])
        guard before.count < limit else { return before }
        let after = [namespace.description, last, limit - before.count] as StatementArguments
        return try before + chunks(Self.unverified("verified > ?"), after)
    }

    private static func unverified(_ condition: String) -> String {
        """
        SELECT 0, digest, length, stored, codec FROM chunk INDEXED BY verified
        WHERE namespace = (SELECT id FROM namespace WHERE name = ?) AND \(condition)
        AND state = \(ChunkState.live.rawValue) ORDER BY verified LIMIT ?
        """
    }

    func uploads(referringTo digest: Digest, in namespace: Namespace, limit: Int) throws -> [Upload] {
        let sql = """
            SELECT \(UploadRow.selection) FROM upload WHERE state < 2 AND row IN (
                SELECT DISTINCT upload FROM entry INDEXED BY reference WHERE chunk = (
                    SELECT id FROM chunk
                    WHERE namespace = (SELECT id FROM namespace WHERE name = ?) AND digest = ?))
            ORDER BY row LIMIT ?
            """
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: sql), arguments: [namespace.description, digest.data, limit])
        return try Array(rows.map(UploadRow.upload))
    }

    private func chunks(_ sql: String, _ arguments: StatementArguments) throws -> [StoredChunk] {
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        return try Array(rows.map { try Self.chunk(try Self.entry($0), $0) })
    }
}
