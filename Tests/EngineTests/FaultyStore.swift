import AsyncAlgorithms
import CairnContent
import CairnEngine
import Forwarding
import NIOCore
import Synchronization

/// A memory store whose commits do what a test says, in their order; then all succeed.
final class FaultyStore: ForwardingStore {
    enum Verdict: Sendable {
        case success
        case failure(StoreError)
        /// Waits until the gate opens, then fails.
        case late(AsyncChannel<Void>, StoreError)
    }

    let base = MemoryStore()
    private let script: Mutex<[Verdict]>

    init(_ script: [Verdict]) { self.script = Mutex(script.reversed()) }

    func commit(_ chunks: [VerifiedChunk], anew: Bool) async -> [Result<StoredChunk, StoreError>] {
        switch script.withLock({ $0.popLast() }) ?? .success {
        case .success: return await base.commit(chunks, anew: anew)
        case .failure(let error): return chunks.map { _ in .failure(error) }
        case .late(let gate, let error):
            for await _ in gate { break }
            return chunks.map { _ in .failure(error) }
        }
    }
}
