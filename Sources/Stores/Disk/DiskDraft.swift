import CairnContent
import CairnEngine
import NIOCore
import NIOConcurrencyHelpers

/// The bytes of one chunk on their way into a file, which later gets a footer and the digest's name.
///
/// The file has no name until the bytes are persisted as a tail, and is not made before the first byte.
final class DiskDraft: ChunkDraft {
    let store: DiskStore
    private let state: NIOLockedValueBox<DraftState>

    init(_ store: DiskStore, _ state: DraftState = DraftState()) {
        self.store = store
        self.state = NIOLockedValueBox(state)
    }

    deinit {
        let name = state.withLock { $0.isSuspect ? nil : $0.name }
        if let name { store.heldTails.release(name) }
    }

    func append(_ bytes: ByteBuffer, during work: () -> Void) async throws(StoreError) {
        try await store.threads.work.run(
            { [self] () throws(StoreError) in
                try store.admission.admit(bytes.readableBytes)
                try change { state throws(FileSystemError) in try state.append(bytes, in: store.folders) }
            }, beside: work)
    }

    func persist(for upload: UploadID) async throws(StoreError) -> TailName {
        try await store.threads.sync.run { [self] () throws(StoreError) in
            try store.admission.check()
            try change { state throws(FileSystemError) in try state.syncData() }
            return try name(for: upload)
        }
    }

    /// Takes no more bytes: they are all of `entry`, and are about to become its chunk. Blocks.
    func close(as entry: Entry) throws(StoreError) -> ClosedDraft {
        try change { state throws(FileSystemError) in try state.close(as: entry, of: self) }
    }

    /// The bytes could not be made durable, and whoever asks the system again may be told they are.
    func distrust() {
        state.withLock { state in
            state.isSuspect = true
            state.failure = .failed("its bytes could not be made durable")
        }
    }

    /// The name the file has under `tails/`; given, and made durable, when it has none. Blocks.
    private func name(for upload: UploadID) throws(StoreError) -> TailName {
        if let name = state.withLock({ $0.name }) { return name }
        let name = try change { state throws(FileSystemError) in try state.link(for: upload, in: store) }
        do { try store.folders.tails.sync() } catch { throw store.admission.stop(because: error) }
        return name
    }

    /// What failed once is not tried again: bytes may be missing in the file.
    private func change<Value: Sendable>(
        _ work: (inout DraftState) throws(FileSystemError) -> Value
    ) throws(StoreError) -> Value {
        try state.withLock { state throws(StoreError) in
            if let failure = state.failure { throw failure }
            do throws(FileSystemError) {
                return try work(&state)
            } catch {
                state.failure = error.storeError
                throw error.storeError
            }
        }
    }
}

/// A chunk whose bytes are here, to be compared with a copy that stands already.
protocol ChunkBytes: Sendable {
    var entry: Entry { get }
    /// The chunk's bytes. Blocks.
    func plain() throws(FileSystemError) -> ByteBuffer?
}

extension ChunkBytes {
    /// Whether `other` is a sound chunk file of these very bytes. Blocks.
    func isHeld(in other: any OpenFile) throws(FileSystemError) -> Bool {
        guard let standing = try ChunkFile(other, named: entry.digest)?.plain() else { return false }
        return try plain() == standing
    }
}

/// A chunk that came as an LZ4 block.
struct Block: ChunkBytes {
    let entry: Entry
    let bytes: ByteBuffer

    func plain() throws(FileSystemError) -> ByteBuffer? {
        ChunkBlock.decode(bytes.readableBytesUInt8Span, to: entry.length).map(ByteBuffer.init(bytes:))
    }
}

/// A draft that takes no more bytes: its file, and what is known of it.
struct ClosedDraft: ChunkBytes {
    let entry: Entry
    let file: any OpenFile
    /// CRC32C of the bytes.
    let checksum: UInt32
    /// Whether encoding is worth a try.
    let pays: Bool
    let draft: DiskDraft

    func plain() throws(FileSystemError) -> ByteBuffer? { try file.read(entry.length, at: 0) }
}
