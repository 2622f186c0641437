import CairnContent
import CairnDisk
import CairnEngine
import Forwarding
import Logging
import NIOCore

/// A ledger whose commits are boundaries of the simulated machine: power may go before one, or after it and before
/// anyone hears of it. What was committed is durable.
final class PoweredLedger: ForwardingLedger {
    let books: MemoryLedger
    var base: MemoryLedger { books }
    private let boundary: any OpenFile

    init(_ books: MemoryLedger, on fileSystem: SimulatedFileSystem) throws {
        self.books = books
        boundary = try fileSystem.root("data").file("LOCK", for: .writing)
    }

    func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        try pass { $0 == .noSpace ? .noSpace : .readOnly }
        try await books.commit(changes)
        // What is committed is not undone by lack of room: any failure from here on leaves it open what holds.
        try pass { _ in .readOnly }
    }

    /// One more moment at which the power can go.
    private func pass(_ meaning: (FileSystemError) -> StoreError) throws(StoreError) {
        do { try boundary.truncate(to: 0) } catch { throw meaning(error) }
    }
}

/// A machine: a data directory on a simulated disk, a ledger, an engine.
struct Machine: Sendable {
    let disk: SimulatedFileSystem
    let books: MemoryLedger
    let directory: DataDirectory
    let engine: Engine

    /// Starts on what `disk` and `books` hold.
    ///
    /// - Parameter wiring: Puts something between the engine and its store or ledger: how a test breaks an order.
    init(_ disk: SimulatedFileSystem, _ books: MemoryLedger, wiring: Wiring = .right) async throws {
        self.disk = disk
        self.books = books
        var quiet = Logger(label: "crash")
        quiet.logLevel = .critical
        quiet.handler = SwiftLogNoOpLogHandler()
        directory = try await DataDirectory.open(
            "data", on: disk, threads: DiskThreads(oneForAll: ()), logger: quiet)
        let ledger = try PoweredLedger(books, on: disk)
        let (store, kept) = wiring.connect(directory.store, ledger)
        engine = Engine(store: store, ledger: kept, chunkSize: .minimum, logger: quiet)
    }

    func close() async { await directory.close() }
}

/// What lies between an engine and the disk.
enum Wiring: Sendable {
    case right
    /// The ledger is committed before the chunks are.
    case ledgerFirst
    /// The client hears of it before the ledger is committed.
    case acknowledgedEarly
    /// Chunks are removed although something refers to them.
    case condemnedUnchecked
    /// A reclaimed chunk's row is dropped before its file is set aside.
    case droppedFirst
    /// A chunk's file is set aside before the chunk is condemned.
    case setAsideFirst

    func connect(_ store: DiskStore, _ ledger: PoweredLedger) -> (any Store, any Ledger) {
        switch self {
        case .right: (store, ledger)
        case .ledgerFirst: (LateStore(store), ledger)
        case .acknowledgedEarly: (store, LateLedger(ledger: ledger))
        case .condemnedUnchecked, .droppedFirst, .setAsideFirst:
            (store, WrongCollection(ledger: ledger, store: store, wiring: self))
        }
    }
}

/// Says that chunks are durable when it is asked, and makes them so when it is asked the next time.
private actor LateStore: ForwardingStore {
    nonisolated let base: DiskStore
    private var late: [VerifiedChunk] = []

    init(_ base: DiskStore) { self.base = base }

    func commit(_ chunks: [VerifiedChunk], anew: Bool) async -> [Result<StoredChunk, StoreError>] {
        let due = late
        late = chunks
        _ = await base.commit(due, anew: anew)
        return chunks.map { .success(StoredChunk(entry: $0.entry, storedLength: $0.entry.length, codec: .raw)) }
    }
}

/// Says that a commit is durable when it is asked, and makes it so when it is asked the next time.
private actor LateLedger: ForwardingLedger {
    private let ledger: PoweredLedger
    private var late: [LedgerChange] = []
    /// What is asked is answered as if all were durable.
    nonisolated let base: MemoryLedger

    init(ledger: PoweredLedger) {
        self.ledger = ledger
        base = ledger.books.snapshot()
    }

    func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        let due = late
        late = changes
        try await base.commit(changes)
        try await ledger.commit(due)
    }
}
