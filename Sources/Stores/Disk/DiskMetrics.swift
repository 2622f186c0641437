import CairnContent
import CairnEngine
import Metrics

/// What the disk store counts (spec/operating.md, "Metrics"), with whatever backend the process has.
struct DiskMetrics: Sendable {
    private let new = Counter(label: "cairn_stored_chunks_total", dimensions: [("was", "new")])
    private let standing = Counter(label: "cairn_stored_chunks_total", dimensions: [("was", "standing")])
    private let newLength = Counter(label: "cairn_stored_plain_bytes_total", dimensions: [("was", "new")])
    private let standingLength = Counter(label: "cairn_stored_plain_bytes_total", dimensions: [("was", "standing")])
    private let packedLength = Counter(label: "cairn_stored_packed_bytes_total")
    private let cycleCount = Recorder(label: "cairn_commit_cycle_files", dimensions: [], aggregate: true)
    private let dataSync = Timer(label: "cairn_sync_seconds", dimensions: [("of", "data")])
    private let directorySync = Timer(label: "cairn_sync_seconds", dimensions: [("of", "directories")])
    private let transactionCount = Recorder(label: "cairn_ledger_batch_commits", dimensions: [], aggregate: true)
    private let transaction = Timer(label: "cairn_ledger_transaction_seconds")

    /// A chunk is about to be named: written anew, or there already.
    func chunk(_ footer: ChunkFooter, isNew: Bool) {
        (isNew ? new : standing).increment()
        (isNew ? newLength : standingLength).increment(by: footer.entry.length)
        if isNew { packedLength.increment(by: footer.storedLength) }
    }

    /// What a cycle makes durable together.
    func cycle(count: Int) { cycleCount.record(count) }

    func syncedData(since start: ContinuousClock.Instant) { dataSync.record(duration: ContinuousClock.now - start) }

    func syncedDirectories(since start: ContinuousClock.Instant) {
        directorySync.record(duration: ContinuousClock.now - start)
    }

    /// A transaction of the ledger, and how many commits were in it.
    func transacted(count: Int, since start: ContinuousClock.Instant) {
        transactionCount.record(count)
        transaction.record(duration: ContinuousClock.now - start)
    }
}
