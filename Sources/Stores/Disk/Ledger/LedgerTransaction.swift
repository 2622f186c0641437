import CairnEngine
import GRDB

/// One transaction for many commits.
struct LedgerTransaction {
    let db: Database
    let writer: LedgerWriter

    /// What the batch's callers are to hear.
    enum Outcome {
        /// Durable, but for the calls whose own verdict says why not.
        case committed([Result<Void, StoreError>])
        /// No room: nothing took effect, and the ledger is as before.
        case full
        /// Nothing can be promised any more.
        case broken(String)
    }

    /// Returns when the batch is durable or has taken no effect.
    static func run(_ batch: CommitQueue.Batch, at moment: Timestamp, in db: Database) -> Outcome {
        do {
            let transaction = LedgerTransaction(
                db: db, writer: LedgerWriter(db: db, batch: batch.number, moment: moment))
            try db.beginTransaction(.immediate)
            let verdicts = try batch.calls.map { try transaction.verdict(on: $0.changes) }
            try db.commit()
            return .committed(verdicts)
        } catch {
            return abandon(db, after: error)
        }
    }

    /// A savepoint for each call, so that one refused does not spoil the others.
    private func verdict(on changes: [LedgerChange]) throws -> Result<Void, StoreError> {
        try db.execute(sql: "SAVEPOINT call")
        do {
            for change in changes { try writer.apply(change) }
        } catch let refusal as LedgerRefusal {
            return try refuse(refusal.reason)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            return try refuse(error.description)
        }
        try db.execute(sql: "RELEASE call")
        return .success(())
    }

    private func refuse(_ reason: String) throws -> Result<Void, StoreError> {
        try db.execute(sql: "ROLLBACK TO call; RELEASE call")
        return .failure(.failed("ledger: \(reason)"))
    }

    /// A full disk is an ordinary day; any other failed write or sync may have lost what SQLite believes written.
    private static func abandon(_ db: Database, after error: any Error) -> Outcome {
        do {
            try db.rollback()
        } catch {
            return .broken("rollback failed: \(error)")
        }
        return isFull(error) ? .full : .broken("\(error)")
    }

    static func isFull(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.resultCode == .SQLITE_FULL
    }
}

/// The changes contradict what the ledger holds: our mistake, which costs only the call that made it.
struct LedgerRefusal: Error {
    let reason: String
}
