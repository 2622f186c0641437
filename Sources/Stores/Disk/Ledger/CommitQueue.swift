import CairnContent
import CairnContent
package import CairnEngine

/// The commits that wait for the writer, and whether it still writes. Says what to do and does nothing itself.
package struct CommitQueue {
    /// Rows that may wait; a commit that would exceed them is refused. At about 300 bytes a row, 300 MiB.
    package static let rowLimit = 1 << 20
    /// Rows after which a transaction takes no further commit, so that nobody waits for strangers for long.
    package static let batchRowLimit = 1 << 14
    /// Rows after which the write-ahead log is carried over into the database; each touches a few pages of it.
    package static let checkpointRowLimit = 1 << 11

    /// One caller's changes, and where its answer goes.
    package struct Call: Sendable {
        package let changes: [LedgerChange]
        package let answer: @Sendable (Result<Void, StoreError>) -> Void

        package init(_ changes: [LedgerChange], answer: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
            self.changes = changes
            self.answer = answer
        }

        var rows: Int {
            changes.reduce(1) { rows, change in
                switch change {
                case .write(_, let entries): rows + 1 + entries.count
                case .branch(let upload, _): rows + 1 + upload.run.count
                case .name: rows + 1
                case .declare(_, _, let entries, _, _): rows + 1 + entries.count
                case .place(_, let chunks, _): rows + 1 + 2 * chunks.count
                case .lose(_, let indices): rows + 1 + indices.count
                case .join(let upload, _): rows + 1 + upload.run.count
                case .end: rows + 1
                case .shed(_, let limit): rows + 1 + limit
                // These lie anywhere, so each touches pages of its own.
                case .condemn(let digests, _), .drop(let digests, _), .verify(let digests, _, _),
                    .damage(let digests, _, _):
                    rows + 1 + 4 * digests.count
                case .forget(let ids): rows + 1 + 4 * ids.count
                }
            }
        }
    }

    /// The calls of one transaction, and its number.
    package struct Batch: Sendable {
        package let number: Int64
        package let calls: [Call]
    }

    package enum Admission: Sendable {
        /// Queued, and the writer sleeps: wake it.
        case wake
        /// Queued; the writer comes to it.
        case wait
        case refuse(StoreError)
    }

    /// Of the last batch taken.
    package private(set) var batchNumber: Int64
    package private(set) var isReadOnly = false
    private var isClosed = false
    private var isWriting = false
    private var waiting: [Call] = []
    private var waitingRows = 0
    private var uncheckpointedRows = 0

    package init(after batchNumber: Int64) { self.batchNumber = batchNumber }

    /// A commit arrives.
    package mutating func add(_ call: Call) -> Admission {
        if isReadOnly { return .refuse(.readOnly) }
        if isClosed { return .refuse(.failed("the ledger is closed")) }
        let rows = waitingRows + call.rows
        guard waiting.isEmpty || rows <= Self.rowLimit else { return .refuse(.failed("the ledger's queue is full")) }
        waiting.append(call)
        waitingRows = rows
        guard !isWriting else { return .wait }
        isWriting = true
        return .wake
    }

    /// The writer asks for work; with nil it sleeps until it is woken.
    package mutating func next() -> Batch? {
        guard !waiting.isEmpty else {
            isWriting = false
            return nil
        }
        let (count, rows) = leadingCalls()
        let calls = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        waitingRows -= rows
        uncheckpointedRows += rows
        batchNumber += 1
        return Batch(number: batchNumber, calls: calls)
    }

    /// As many as fit into one transaction, and at least one.
    private func leadingCalls() -> (count: Int, rows: Int) {
        var rows = 0
        for (count, call) in waiting.enumerated() {
            if count > 0, rows + call.rows > Self.batchRowLimit { return (count, rows) }
            rows += call.rows
        }
        return (waiting.count, rows)
    }

    /// Whether the write-ahead log has grown long; asks for one checkpoint each time.
    package mutating func takeCheckpoint() -> Bool {
        guard !isReadOnly, uncheckpointedRows >= Self.checkpointRowLimit else { return false }
        uncheckpointedRows = 0
        return true
    }

    /// The ledger is broken: returns those who waited in vain.
    package mutating func breakDown() -> [Call] {
        isReadOnly = true
        defer {
            waiting = []
            waitingRows = 0
        }
        return waiting
    }

    /// No further commit is taken; returns false when that was so before.
    package mutating func close() -> Bool {
        defer { isClosed = true }
        return !isClosed
    }
}
