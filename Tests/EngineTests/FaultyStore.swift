import AsyncAlgorithms
import CairnContent
import CairnEngine
import NIOCore
import Synchronization

/// A memory store whose commits do what a test says, in their order; then all succeed.
final class FaultyStore: Store {
    enum Verdict: Sendable {
        case success
        case failure(StoreError)
        /// Waits until the gate opens, then fails.
        case late(AsyncChannel<Void>, StoreError)
    }

    let base = MemoryStore()
    private let script: Mutex<[Verdict]>

    init(_ script: [Verdict]) { self.script = Mutex(script.reversed()) }

    func commit(_ chunks: [VerifiedChunk]) async -> [Result<StoredChunk, StoreError>] {
        switch script.withLock({ $0.popLast() }) ?? .success {
        case .success: return await base.commit(chunks)
        case .failure(let error): return chunks.map { _ in .failure(error) }
        case .late(let gate, let error):
            for await _ in gate { break }
            return chunks.map { _ in .failure(error) }
        }
    }

    func read(_ digest: Digest) async throws(StoreError) -> ByteBuffer? { try await base.read(digest) }

    func missing(from digests: [Digest]) async throws(StoreError) -> [Digest] { try await base.missing(from: digests) }

    func draft(continuing tail: Tail?) async throws(StoreError) -> any ChunkDraft {
        try await base.draft(continuing: tail)
    }

    func read(_ tail: Tail) async throws(StoreError) -> ByteBuffer? { try await base.read(tail) }

    func drop(_ tail: TailName) async { await base.drop(tail) }

    func inheritedTails() async throws(StoreError) -> [TailName] { try await base.inheritedTails() }

    func publish(_ record: FileRecord) async throws(StoreError) { try await base.publish(record) }

    func withdraw(_ id: UploadID, at moment: Timestamp) async throws(StoreError) {
        try await base.withdraw(id, at: moment)
    }

    func remove(_ digests: [Digest], at moment: Timestamp) async throws(StoreError) {
        try await base.remove(digests, at: moment)
    }

    func chunks(on shelf: Int) async throws(StoreError) -> [Digest] { try await base.chunks(on: shelf) }

    func emptyTrash(
        _ part: Int, at moment: Timestamp, olderThan age: Duration, limit: Int
    ) async throws(StoreError) -> Int {
        try await base.emptyTrash(part, at: moment, olderThan: age, limit: limit)
    }
}
