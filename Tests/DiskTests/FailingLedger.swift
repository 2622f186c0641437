import CairnContent
import CairnDisk
import CairnEngine
import NIOCore
import Synchronization

/// Which of the calls of a test has failed, and what came after it.
final class Failures: Sendable {
    private struct State {
        var count = 0
        var hasFailed = false
        var deletions = 0
    }

    private let state = Mutex(State())

    /// Whether this is the call of this number; of those after it, deletions are counted.
    func isDue(_ call: SimulatedCall, _ number: Int) -> Bool {
        state.withLock { state in
            state.count += 1
            if state.hasFailed && (call.operation == .rename || call.operation == .unlink) { state.deletions += 1 }
            guard state.count == number else { return false }
            state.hasFailed = true
            return true
        }
    }

    var hasFailed: Bool { state.withLock { $0.hasFailed } }
    var deletions: Int { state.withLock { $0.deletions } }
}

/// A ledger of which one question or commit fails.
final class FailingLedger: Ledger {
    private struct State {
        var count = 0
        var isHealed = false
        var hasFailed = false
        var onFailure: @Sendable () -> Void = {}
    }

    private let base: MemoryLedger
    private let number: Int
    private let state = Mutex(State())

    init(_ base: MemoryLedger, at number: Int) {
        self.base = base
        self.number = number
    }

    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    var onFailure: @Sendable () -> Void {
        get { state.withLock { $0.onFailure } }
        set { state.withLock { $0.onFailure = newValue } }
    }

    func heal() { state.withLock { $0.isHealed = true } }

    private func pass() throws(StoreError) {
        let failure: (@Sendable () -> Void)? = state.withLock { state in
            state.count += 1
            guard !state.isHealed, state.count == number else { return nil }
            state.hasFailed = true
            return state.onFailure
        }
        guard let failure else { return }
        failure()
        throw .failed("a question of the test")
    }

    func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        try pass()
        try await base.commit(changes)
    }

    func upload(_ id: UploadID) async throws(StoreError) -> Upload? {
        try pass()
        return try await base.upload(id)
    }

    func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload] {
        try pass()
        return try await base.uploads(query)
    }

    func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry] {
        try pass()
        return try await base.entries(of: id, in: indices)
    }

    func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry] {
        try pass()
        return try await base.known(of: id, in: indices)
    }

    func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry? {
        try pass()
        return try await base.standing(of: digest, in: id)
    }

    func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> Set<Digest> {
        try pass()
        return try await base.kept(of: digests, in: namespace, by: owner)
    }

    func file(
        _ contentID: Digest, in namespace: Namespace, of owner: Principal
    ) async throws(StoreError) -> Upload? {
        try pass()
        return try await base.file(contentID, in: namespace, of: owner)
    }

    func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        try pass()
        return try await base.generations(of: key)
    }

    func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage {
        try pass()
        return try await base.unreferenced(in: namespace, after: digest, looking: limit)
    }

    func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try pass()
        return try await base.condemned(among: digests, in: namespace, limit: limit)
    }

    func recorded(of digests: Set<Digest>, in namespace: Namespace) async throws(StoreError) -> Set<Digest> {
        try pass()
        return try await base.recorded(of: digests, in: namespace)
    }

    func unshed(limit: Int) async throws(StoreError) -> [UploadID] {
        try pass()
        return try await base.unshed(limit: limit)
    }
}

/// A store whose shelves tell only the first so many of their chunks.
struct CutStore: Store {
    let store: DiskStore
    let count: Int

    func chunks(on shelf: Int) async throws(StoreError) -> [Digest] {
        Array(try await store.chunks(on: shelf).prefix(count))
    }

    func commit(_ chunks: [VerifiedChunk]) async -> [Result<StoredChunk, StoreError>] { await store.commit(chunks) }

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

    func emptyTrash(
        _ part: Int, at moment: Timestamp, olderThan age: Duration, limit: Int
    ) async throws(StoreError) -> Int {
        try await store.emptyTrash(part, at: moment, olderThan: age, limit: limit)
    }
}
