package import CairnContent
package import CairnEngine
package import NIOCore

/// A store of a test: does what another does, but for what it says itself.
package protocol ForwardingStore: ChunkStore, TailStore, RecordStore, RemovingStore {
    associatedtype Base: Store
    var base: Base { get }
}

extension ForwardingStore {
    package func commit(_ chunks: [VerifiedChunk], anew: Bool) async -> [Result<StoredChunk, StoreError>] {
        await base.commit(chunks, anew: anew)
    }

    package func read(_ digest: Digest) async throws(StoreError) -> ByteBuffer? { try await base.read(digest) }

    package func inspect(_ digests: [Digest]) async throws(StoreError) -> [StoredChunk?] {
        try await base.inspect(digests)
    }

    package func draft(continuing tail: Tail?) async throws(StoreError) -> any ChunkDraft {
        try await base.draft(continuing: tail)
    }

    package func read(_ tail: Tail) async throws(StoreError) -> ByteBuffer? { try await base.read(tail) }

    package func drop(_ tail: TailName) async { await base.drop(tail) }

    package func inheritedTails() async throws(StoreError) -> [TailName] { try await base.inheritedTails() }

    package func publish(_ record: FileRecord) async throws(StoreError) { try await base.publish(record) }

    package func withdraw(_ id: UploadID, at moment: Timestamp) async throws(StoreError) {
        try await base.withdraw(id, at: moment)
    }

    package func recorded() async throws(StoreError) -> [UploadID] { try await base.recorded() }

    package func record(of id: UploadID) async throws(StoreError) -> FileRecord? { try await base.record(of: id) }

    package func quarantine(_ digest: Digest, at moment: Timestamp) async throws(StoreError) {
        try await base.quarantine(digest, at: moment)
    }

    package func remove(_ digests: [Digest], at moment: Timestamp) async throws(StoreError) {
        try await base.remove(digests, at: moment)
    }

    package func chunks(on shelf: Int) async throws(StoreError) -> [Digest] { try await base.chunks(on: shelf) }

    package func emptyTrash(
        _ part: Int, at moment: Timestamp, olderThan age: Duration, limit: Int
    ) async throws(StoreError) -> Int {
        try await base.emptyTrash(part, at: moment, olderThan: age, limit: limit)
    }
}
