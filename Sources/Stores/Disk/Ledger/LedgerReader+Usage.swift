import CairnEngine
import Foundation
import GRDB

extension LedgerReader {
    /// As `Upload.countedLength` says, over the index of the owner's uploads.
    func usage(of owner: Principal, in namespace: Namespace) throws -> Usage {
        let sql = """
            SELECT count(*) FILTER (WHERE state = 0), total(CASE
                WHEN state = 1 THEN run_length
                ELSE max(run_length + ifnull(tail_length, 0),
                    CASE WHEN length IS NULL OR inferred THEN named_count * chunk_size ELSE length END) END)
            FROM upload INDEXED BY owned
            WHERE namespace = (SELECT id FROM namespace WHERE name = ?) AND owner = ? AND state < 2
            """
        let arguments: StatementArguments = [namespace.description, Data(owner.description.utf8)]
        guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments) else { return Usage() }
        // A sum of whole numbers could be too large for one; what a double rounds is far above any limit.
        let length = try row.decode(Double.self, atIndex: 1)
        return Usage(length: Int64(min(length, 9e18)), uploads: try row.decode(Int.self, atIndex: 0))
    }
}
