import CairnContent
import CairnEngine
import Forwarding
import NIOCore
import Synchronization

/// A store over memory that fails at one step of making bytes durable, while it is told to.
final class FailingStore: ForwardingStore {
    /// From the first byte of a chunk to the file's record.
    enum Step: CaseIterable, Sendable { case write, persist, commit, publish }

    private struct Fault: Sendable {
        let step: Step
        let error: StoreError
    }

    let base: MemoryStore
    private let fault = Mutex<Fault?>(nil)
    private let held = Mutex<(digest: Digest, waiting: [CheckedContinuation<Void, Never>])?>(nil)

    private let reads = Mutex(0)

    init(_ base: MemoryStore) { self.base = base }

    /// How many chunks have been read, or are.
    var readCount: Int { reads.withLock { $0 } }

    func fail(at step: Step, with error: StoreError) { fault.withLock { $0 = Fault(step: step, error: error) } }

    func heal() { fault.withLock { $0 = nil } }

    fileprivate func pass(_ step: Step) throws(StoreError) {
        let fault = fault.withLock { $0 }
        if let fault, fault.step == step { throw fault.error }
    }

    // MARK: Chunks

    func commit(_ chunks: [VerifiedChunk], anew: Bool) async -> [Result<StoredChunk, StoreError>] {
        do throws(StoreError) {
            try pass(.commit)
        } catch {
            return chunks.map { _ in .failure(error) }
        }
        // The store beneath takes its own drafts only.
        let plain = chunks.map { chunk in
            guard case .draft(let draft as FailingDraft) = chunk.source else { return chunk }
            return VerifiedChunk(entry: chunk.entry, draft: draft.base)
        }
        return await base.commit(plain, anew: anew)
    }

    /// From now on reading this chunk waits until `release` is called.
    func hold(_ digest: Digest) { held.withLock { $0 = (digest, []) } }

    func release() {
        let waiting = held.withLock { held in
            defer { held = nil }
            return held?.waiting ?? []
        }
        for waiter in waiting { waiter.resume() }
    }

    func read(_ digest: Digest) async throws(StoreError) -> ByteBuffer? {
        reads.withLock { $0 += 1 }
        await withCheckedContinuation { continuation in
            let isHeld = held.withLock { held in
                guard held?.digest == digest else { return false }
                held?.waiting.append(continuation)
                return true
            }
            if !isHeld { continuation.resume() }
        }
        return try await base.read(digest)
    }

    // MARK: Tails

    func draft(continuing tail: Tail?) async throws(StoreError) -> any ChunkDraft {
        FailingDraft(self, try await base.draft(continuing: tail))
    }

    // MARK: Records

    func publish(_ record: FileRecord) async throws(StoreError) {
        try pass(.publish)
        try await base.publish(record)
    }
}

private final class FailingDraft: ChunkDraft {
    let base: any ChunkDraft
    private let store: FailingStore

    init(_ store: FailingStore, _ base: any ChunkDraft) {
        self.store = store
        self.base = base
    }

    func append(_ bytes: ByteBuffer, during work: () -> Void) async throws(StoreError) {
        try store.pass(.write)
        try await base.append(bytes, during: work)
    }

    func persist(for upload: UploadID) async throws(StoreError) -> TailName {
        try store.pass(.persist)
        return try await base.persist(for: upload)
    }
}
