import CairnDisk
import CairnEngine
import LedgerConformance
import Testing

@Suite struct `Waiting for the ledger's writer` {
    private var queue = CommitQueue(after: 7)

    private func call(rows: Int) -> CommitQueue.Call {
        // A call counts as one row, and so does each upload.
        let count = rows - 2
        let chunks = Array(repeating: LedgerSamples.chunk(1), count: count)
        return CommitQueue.Call([.write(LedgerSamples.upload(), entries: chunks)]) { _ in }
    }

    private func isRefused(_ admission: CommitQueue.Admission, _ error: StoreError) -> Bool {
        guard case .refuse(error) = admission else { return false }
        return true
    }

    private func wakes(_ admission: CommitQueue.Admission) -> Bool {
        guard case .wake = admission else { return false }
        return true
    }

    private func waits(_ admission: CommitQueue.Admission) -> Bool {
        guard case .wait = admission else { return false }
        return true
    }

    @Test mutating func `the first wakes the writer, and those that come while it writes wait`() {
        let first = queue.add(call(rows: 3))
        #expect(wakes(first))
        let batch = queue.next()
        #expect(batch?.calls.count == 1)
        let others = [queue.add(call(rows: 3)), queue.add(call(rows: 3))]
        #expect(others.allSatisfy(waits))
        let batches = [queue.next(), queue.next()]
        #expect(batches.map { $0?.calls.count } == [2, nil])
        let next = queue.add(call(rows: 3))
        #expect(wakes(next))
    }

    @Test mutating func `batches are numbered on from the last`() {
        _ = queue.add(call(rows: 3))
        let first = queue.next()
        _ = queue.add(call(rows: 3))
        let second = queue.next()
        #expect([first?.number, second?.number, queue.batchNumber] == [8, 9, 9])
    }

    @Test mutating func `a batch takes calls in their order up to its limit of rows`() {
        let limit = CommitQueue.batchRowLimit
        for rows in [limit / 2, limit / 2, 2, limit - 2, 3] { _ = queue.add(call(rows: rows)) }
        var counts: [Int] = []
        while let batch = queue.next() { counts.append(batch.calls.count) }
        #expect(counts == [2, 2, 1])
    }

    @Test mutating func `a call over the limit of a batch, or of the queue, goes alone`() {
        let admission = queue.add(call(rows: CommitQueue.rowLimit + 1))
        #expect(wakes(admission))
        _ = queue.add(call(rows: 3))
        let batch = queue.next()
        #expect(batch?.calls.count == 1)
    }

    @Test mutating func `a full queue refuses, and takes again when there is room`() {
        _ = queue.add(call(rows: CommitQueue.rowLimit - 3))
        let fitting = queue.add(call(rows: 3))
        #expect(waits(fitting))
        let beyond = queue.add(call(rows: 2))
        #expect(isRefused(beyond, .failed("the ledger's queue is full")))
        _ = queue.next()
        let again = queue.add(call(rows: 2))
        #expect(waits(again))
    }

    @Test mutating func `a broken ledger lets those who wait go, and refuses all that come`() {
        for _ in 0..<2 { _ = queue.add(call(rows: 3)) }
        _ = queue.next()
        for _ in 0..<3 { _ = queue.add(call(rows: 3)) }
        let disappointed = queue.breakDown()
        #expect(disappointed.count == 3)
        #expect(queue.isReadOnly)
        let batch = queue.next()
        #expect(batch?.number == nil)
        let late = queue.add(call(rows: 3))
        #expect(isRefused(late, .readOnly))
    }

    @Test mutating func `a closed ledger still writes what waits, and refuses what comes`() {
        _ = queue.add(call(rows: 3))
        let (isFirst, isSecond) = (queue.close(), queue.close())
        #expect(isFirst && !isSecond)
        let late = queue.add(call(rows: 3))
        #expect(isRefused(late, .failed("the ledger is closed")))
        let batch = queue.next()
        #expect(batch?.calls.count == 1)
    }

    @Test mutating func `a checkpoint is due once for every so many rows`() {
        var isDue: [Bool] = []
        for rows in [CommitQueue.checkpointRowLimit - 1, 2] {
            isDue.append(queue.takeCheckpoint())
            _ = queue.add(call(rows: rows))
            _ = queue.next()
        }
        isDue += [queue.takeCheckpoint(), queue.takeCheckpoint()]
        #expect(isDue == [false, false, true, false])
    }
}
