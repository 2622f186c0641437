package import CairnContent
package import NIOCore
import NIOConcurrencyHelpers

/// A store that lives in memory: the executable model of what every store promises, and the store of tests.
///
/// Power never fails here, so everything is durable at once.
package final class MemoryStore: Store {
    fileprivate struct State {
        var chunks: [Digest: ByteBuffer] = [:]
        var tails: [TailName: ByteBuffer] = [:]
        var records: [UploadID: FileRecord] = [:]
        var generation: UInt64 = 0
        var inherited: Set<TailName> = []
        /// By what was set aside: when.
        var trash: [String: Timestamp] = [:]
        var quarantineCount = 0
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    /// How many different chunks it keeps.
    package var chunkCount: Int { state.withLock { $0.chunks.count } }

    /// The published records.
    package var records: [UploadID: FileRecord] { state.withLock { $0.records } }

    /// How many chunks and records were set aside and are not freed yet.
    package var trashCount: Int { state.withLock { $0.trash.count } }

    /// How many damaged chunks were moved out of the way.
    package var quarantineCount: Int { state.withLock { $0.quarantineCount } }

    /// How many tails it keeps.
    package var tailCount: Int { state.withLock { $0.tails.count } }

    /// Replaces what stands under `digest`, or removes it: how a test plays a failing disk.
    package func damage(_ digest: Digest, with bytes: ByteBuffer?) {
        state.withLock { $0.chunks[digest] = bytes }
    }

    /// From now on the tails that stand here are those of an earlier run.
    package func reopen() { state.withLock { $0.inherited = Set($0.tails.keys) } }

    /// Removes every tail: how a test plays a failing disk.
    package func loseTails() { state.withLock { $0.tails = [:] } }

    package func commit(_ chunks: [VerifiedChunk], anew: Bool) async -> [Result<StoredChunk, StoreError>] {
        chunks.map { chunk in
            guard let bytes = Self.bytes(of: chunk) else { return .failure(.failed("a draft of another store")) }
            state.withLock { $0.chunks[chunk.entry.digest] = bytes }
            return .success(StoredChunk(entry: chunk.entry, storedLength: chunk.entry.length, codec: .raw))
        }
    }

    private static func bytes(of chunk: VerifiedChunk) -> ByteBuffer? {
        switch chunk.source {
        case .draft(let draft): (draft as? MemoryDraft)?.bytes
        case .block(let block):
            ChunkBlock.decode(block.readableBytesUInt8Span, to: chunk.entry.length).map(ByteBuffer.init(bytes:))
        }
    }

    package func read(_ digest: Digest) async throws(StoreError) -> ByteBuffer? {
        state.withLock { $0.chunks[digest] }
    }

    package func inspect(_ digests: [Digest]) async throws(StoreError) -> [StoredChunk?] {
        state.withLock { state in
            digests.map { digest in
                guard let length = state.chunks[digest]?.readableBytes,
                    let entry = Entry(checking: digest, length: length)
                else { return nil }
                return StoredChunk(entry: entry, storedLength: length, codec: .raw)
            }
        }
    }

    package func draft(continuing tail: Tail?) async throws(StoreError) -> any ChunkDraft {
        guard let tail else { return MemoryDraft(self, ByteBuffer(), nil) }
        guard let bytes = try await read(tail) else { throw .failed("no tail \(tail.name)") }
        return MemoryDraft(self, bytes, tail.name)
    }

    package func read(_ tail: Tail) async throws(StoreError) -> ByteBuffer? {
        state.withLock { $0.tails[tail.name] }.flatMap { $0.getSlice(at: 0, length: tail.entry.length) }
    }

    package func inheritedTails() async throws(StoreError) -> [TailName] { state.withLock { Array($0.inherited) } }

    package func drop(_ tail: TailName) async { state.withLock { $0.tails[tail] = nil } }

    package func publish(_ record: FileRecord) async throws(StoreError) {
        state.withLock { $0.records[record.id] = record }
    }

    package func withdraw(_ id: UploadID, at moment: Timestamp) async throws(StoreError) {
        state.withLock { state in
            if state.records.removeValue(forKey: id) != nil { state.trash["\(id)"] = moment }
        }
    }

    package func recorded() async throws(StoreError) -> [UploadID] { state.withLock { Array($0.records.keys) } }

    package func record(of id: UploadID) async throws(StoreError) -> FileRecord? {
        state.withLock { $0.records[id] }
    }

    package func quarantine(_ digest: Digest, at moment: Timestamp) async throws(StoreError) {
        state.withLock { state in
            if state.chunks.removeValue(forKey: digest) != nil { state.quarantineCount += 1 }
        }
    }

    package func remove(_ digests: [Digest], at moment: Timestamp) async throws(StoreError) {
        state.withLock { state in
            for digest in digests where state.chunks.removeValue(forKey: digest) != nil {
                state.trash["\(digest)"] = moment
            }
        }
    }

    package func chunks(on shelf: Int) async throws(StoreError) -> [Digest] {
        state.withLock { $0.chunks.keys.filter { $0.shelf == shelf } }
    }

    package func emptyTrash(
        _ part: Int, at moment: Timestamp, olderThan age: Duration, limit: Int
    ) async throws(StoreError) -> Int {
        state.withLock { state in
            let due = state.trash.filter { name, time in
                Int(name.prefix(2), radix: 16) == part && time.isOver(age, at: moment)
            }
            for name in due.keys.prefix(limit) { state.trash[name] = nil }
            return min(due.count, limit)
        }
    }

    fileprivate func keep(_ bytes: ByteBuffer, _ name: TailName?, _ upload: UploadID) -> TailName {
        state.withLock { state in
            state.generation += 1
            let name = name ?? TailName(upload: upload, generation: state.generation)
            state.tails[name] = bytes
            return name
        }
    }
}

private final class MemoryDraft: ChunkDraft {
    private struct State {
        var bytes: ByteBuffer
        var name: TailName?
    }

    private let store: MemoryStore
    private let state: NIOLockedValueBox<State>

    init(_ store: MemoryStore, _ bytes: ByteBuffer, _ name: TailName?) {
        self.store = store
        state = NIOLockedValueBox(State(bytes: bytes, name: name))
    }

    var bytes: ByteBuffer { state.withLock { $0.bytes } }

    func append(_ bytes: ByteBuffer, during work: () -> Void) async throws(StoreError) {
        work()
        _ = state.withLock { $0.bytes.writeImmutableBuffer(bytes) }
    }

    func persist(for upload: UploadID) async throws(StoreError) -> TailName {
        let (bytes, known) = state.withLock { ($0.bytes, $0.name) }
        let name = store.keep(bytes, known, upload)
        state.withLock { $0.name = name }
        return name
    }
}
