import CairnContent
import CairnEngine
import Synchronization

/// A ledger whose commits of one kind wait at a gate while it is closed.
final class GatedLedger: Ledger {
    private struct State {
        var isClosed = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let base: MemoryLedger
    private let isMeant: @Sendable (LedgerChange) -> Bool
    private let state = Mutex(State())

    init(_ base: MemoryLedger, _ isMeant: @escaping @Sendable (LedgerChange) -> Bool) {
        self.base = base
        self.isMeant = isMeant
    }

    func close() { state.withLock { $0.isClosed = true } }

    func open() {
        let waiting = state.withLock { state in
            defer { state = State() }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when a commit waits at the gate.
    func arrival() async {
        while state.withLock({ $0.waiting.isEmpty }) { await Task.yield() }
    }

    func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        if changes.contains(where: isMeant) { await pass() }
        try await base.commit(changes)
    }

    private func pass() async {
        await withCheckedContinuation { continuation in
            let passes = state.withLock { state in
                if state.isClosed { state.waiting.append(continuation) }
                return !state.isClosed
            }
            if passes { continuation.resume() }
        }
    }

    func upload(_ id: UploadID) async throws(StoreError) -> Upload? { try await base.upload(id) }

    func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload] { try await base.uploads(query) }

    func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry] {
        try await base.entries(of: id, in: indices)
    }

    func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry] {
        try await base.known(of: id, in: indices)
    }

    func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry? {
        try await base.standing(of: digest, in: id)
    }

    func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> Set<Digest> {
        try await base.kept(of: digests, in: namespace, by: owner)
    }

    func file(
        _ contentID: Digest, in namespace: Namespace, of owner: Principal
    ) async throws(StoreError) -> Upload? {
        try await base.file(contentID, in: namespace, of: owner)
    }

    func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        try await base.generations(of: key)
    }

    func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage {
        try await base.unreferenced(in: namespace, after: digest, looking: limit)
    }

    func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try await base.condemned(among: digests, in: namespace, limit: limit)
    }

    func recorded(of digests: Set<Digest>, in namespace: Namespace) async throws(StoreError) -> Set<Digest> {
        try await base.recorded(of: digests, in: namespace)
    }

    func unshed(limit: Int) async throws(StoreError) -> [UploadID] { try await base.unshed(limit: limit) }
}
