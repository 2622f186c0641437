import CairnContent
import CairnDisk
import CairnEngine
import Logging
import NIOCore

/// A ledger whose commits are boundaries of the simulated machine: power may go before one, or after it and before
/// anyone hears of it. What was committed is durable.
final class PoweredLedger: Ledger {
    let books: MemoryLedger
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

    func upload(_ id: UploadID) async throws(StoreError) -> Upload? { try await books.upload(id) }

    func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload] { try await books.uploads(query) }

    func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry] {
        try await books.entries(of: id, in: indices)
    }

    func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        try await books.generations(of: key)
    }

    func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry] {
        try await books.known(of: id, in: indices)
    }

    func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry? {
        try await books.standing(of: digest, in: id)
    }

    func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> Set<Digest> {
        try await books.kept(of: digests, in: namespace, by: owner)
    }

    func file(
        _ contentID: Digest, in namespace: Namespace, of owner: Principal
    ) async throws(StoreError) -> Upload? {
        try await books.file(contentID, in: namespace, of: owner)
    }

    func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage {
        try await books.unreferenced(in: namespace, after: digest, looking: limit)
    }

    func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try await books.condemned(among: digests, in: namespace, limit: limit)
    }

    func recorded(of digests: Set<Digest>, in namespace: Namespace) async throws(StoreError) -> Set<Digest> {
        try await books.recorded(of: digests, in: namespace)
    }

    func unshed(limit: Int) async throws(StoreError) -> [UploadID] { try await books.unshed(limit: limit) }
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
        case .ledgerFirst: (LateStore(store: store), ledger)
        case .acknowledgedEarly: (store, LateLedger(ledger: ledger))
        case .condemnedUnchecked, .droppedFirst, .setAsideFirst:
            (store, WrongCollection(ledger: ledger, store: store, wiring: self))
        }
    }
}

/// Says that chunks are durable when it is asked, and makes them so when it is asked the next time.
private actor LateStore: Store {
    private let store: DiskStore
    private var late: [VerifiedChunk] = []

    init(store: DiskStore) { self.store = store }

    func commit(_ chunks: [VerifiedChunk]) async -> [Result<StoredChunk, StoreError>] {
        let due = late
        late = chunks
        _ = await store.commit(due)
        return chunks.map { .success(StoredChunk(entry: $0.entry, storedLength: $0.entry.length, codec: .raw)) }
    }

    func read(_ digest: Digest) async throws(StoreError) -> ByteBuffer? { try await store.read(digest) }

    func missing(from digests: [Digest]) async throws(StoreError) -> [Digest] { try await store.missing(from: digests) }

    func draft(continuing tail: Tail?) async throws(StoreError) -> any ChunkDraft {
        try await store.draft(continuing: tail)
    }

    func read(_ tail: Tail) async throws(StoreError) -> ByteBuffer? { try await store.read(tail) }

    func drop(_ tail: TailName) async { await store.drop(tail) }

    func inheritedTails() async throws(StoreError) -> [TailName] { try await store.inheritedTails() }

    func publish(_ record: FileRecord) async throws(StoreError) { try await store.publish(record) }

    func withdraw(_ id: UploadID, at moment: Timestamp) async throws(StoreError) {
        try await store.withdraw(id, at: moment)
    }

    func remove(_ digests: [Digest], at moment: Timestamp) async throws(StoreError) {
        try await store.remove(digests, at: moment)
    }

    func chunks(on shelf: Int) async throws(StoreError) -> [Digest] { try await store.chunks(on: shelf) }

    func emptyTrash(
        _ part: Int, at moment: Timestamp, olderThan age: Duration, limit: Int
    ) async throws(StoreError) -> Int {
        try await store.emptyTrash(part, at: moment, olderThan: age, limit: limit)
    }
}

/// Says that a commit is durable when it is asked, and makes it so when it is asked the next time.
private actor LateLedger: Ledger {
    private let ledger: PoweredLedger
    private var late: [LedgerChange] = []
    private let view: MemoryLedger

    init(ledger: PoweredLedger) {
        self.ledger = ledger
        view = ledger.books.snapshot()
    }

    func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        let due = late
        late = changes
        try await view.commit(changes)
        try await ledger.commit(due)
    }

    func upload(_ id: UploadID) async throws(StoreError) -> Upload? { try await view.upload(id) }

    func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload] { try await view.uploads(query) }

    func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry] {
        try await view.entries(of: id, in: indices)
    }

    func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        try await view.generations(of: key)
    }

    func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry] {
        try await view.known(of: id, in: indices)
    }

    func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry? {
        try await view.standing(of: digest, in: id)
    }

    func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> Set<Digest> {
        try await view.kept(of: digests, in: namespace, by: owner)
    }

    func file(
        _ contentID: Digest, in namespace: Namespace, of owner: Principal
    ) async throws(StoreError) -> Upload? {
        try await view.file(contentID, in: namespace, of: owner)
    }

    func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage {
        try await view.unreferenced(in: namespace, after: digest, looking: limit)
    }

    func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try await view.condemned(among: digests, in: namespace, limit: limit)
    }

    func recorded(of digests: Set<Digest>, in namespace: Namespace) async throws(StoreError) -> Set<Digest> {
        try await view.recorded(of: digests, in: namespace)
    }

    func unshed(limit: Int) async throws(StoreError) -> [UploadID] { try await view.unshed(limit: limit) }
}
