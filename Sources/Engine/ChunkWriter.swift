import CairnContent
import NIOCore

/// The open chunk of an upload: hashes its bytes where they lie while the store writes them.
///
/// The one place where a `VerifiedChunk` is made outside tests: what was hashed is what was written.
struct ChunkWriter: ~Copyable {
    private let store: any Store
    private let chunkLength: Int
    private var hasher = ContentHasher()
    private var draft: (any ChunkDraft)?

    /// Bytes in the open chunk.
    private(set) var length = 0

    init(store: any Store, chunkSize: ChunkSize) {
        self.store = store
        chunkLength = chunkSize.length
    }

    /// Goes on where a tail ends; nil when the tail's bytes are gone or not what its digest says.
    init?(store: any Store, chunkSize: ChunkSize, continuing tail: Tail) async throws(StoreError) {
        self.init(store: store, chunkSize: chunkSize)
        guard let bytes = try await store.read(tail) else { return nil }
        hasher.update(bytes.readableBytesUInt8Span)
        guard hasher.digest() == tail.entry.digest, tail.entry.length < chunkLength else { return nil }
        draft = try await store.draft(continuing: tail)
        length = tail.entry.length
    }

    /// Takes bytes from the front of `bytes` up to the chunk's end; returns the chunk when they close it.
    mutating func take(from bytes: inout ByteBuffer) async throws(StoreError) -> VerifiedChunk? {
        guard bytes.readableBytes > 0,
            let slice = bytes.readSlice(length: min(bytes.readableBytes, chunkLength - length))
        else { return nil }
        let draft = try await openDraft()
        try await draft.append(slice) { hasher.update(slice.readableBytesUInt8Span) }
        length += slice.readableBytes
        return length == chunkLength ? close() : nil
    }

    /// The open chunk as it is, shorter than the chunk size; nil when it holds nothing.
    mutating func close() -> VerifiedChunk? {
        guard let draft else { return nil }
        defer {
            self.draft = nil
            length = 0
        }
        return VerifiedChunk(entry: Entry(digest: hasher.finish(), length: length), draft: draft)
    }

    /// Makes the open chunk's bytes durable as the upload's tail; nil when it holds nothing.
    mutating func persist(for upload: UploadID) async throws(StoreError) -> Tail? {
        guard let draft else { return nil }
        let entry = Entry(digest: hasher.digest(), length: length)
        return Tail(entry: entry, name: try await draft.persist(for: upload))
    }

    private mutating func openDraft() async throws(StoreError) -> any ChunkDraft {
        if let draft { return draft }
        let draft = try await store.draft(continuing: nil)
        self.draft = draft
        return draft
    }
}
