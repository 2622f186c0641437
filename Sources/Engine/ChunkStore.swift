package import CairnContent
package import NIOCore

/// What the engine asks of a place that keeps bytes: chunks, the tails that are to become chunks, and file records.
package typealias Store = ChunkStore & TailStore & RecordStore & RemovingStore

/// Keeps verified chunks of one namespace under their digests.
///
/// A store neither hashes nor decides: a `VerifiedChunk` can only be made by hashing its bytes, and what may be
/// removed is the engine's affair.
package protocol ChunkStore: Sendable {
    /// Returns when each chunk is durable under its digest, or has a verdict that says why not.
    ///
    /// A copy that stands under the digest already is kept and counts when it holds these very bytes; another is
    /// replaced.
    /// - Parameter anew: Any copy is replaced, unlooked at: what is done, and so how long it takes and what it asks of
    ///   the disk, does not depend on whether there is one.
    func commit(_ chunks: [VerifiedChunk], anew: Bool) async -> [Result<StoredChunk, StoreError>]

    /// The plain bytes, whole, or nil when they are absent. Damage the store can see throws `.damaged`.
    func read(_ digest: Digest) async throws(StoreError) -> ByteBuffer?

    /// How each of `digests` lies here, by its length and its footer; nil for one that is absent or has not the right
    /// ones. Its bytes are not looked at.
    func inspect(_ digests: [Digest]) async throws(StoreError) -> [StoredChunk?]
}

extension ChunkStore {
    /// Those of `digests` that are absent, in their order. A file of the wrong length counts as absent.
    package func missing(from digests: [Digest]) async throws(StoreError) -> [Digest] {
        zip(digests, try await inspect(digests)).filter { $1 == nil }.map(\.0)
    }
}

/// Keeps the bytes of chunks that are still arriving.
package protocol TailStore: Sendable {
    /// An empty draft, or one that goes on where a durable tail ends.
    func draft(continuing tail: Tail?) async throws(StoreError) -> any ChunkDraft

    /// The tail's bytes, exactly as many as its entry says, or nil when they are absent or fewer.
    func read(_ tail: Tail) async throws(StoreError) -> ByteBuffer?

    /// Forgets a tail that no upload refers to any more; does nothing when it is absent.
    func drop(_ tail: TailName) async

    /// The tails that stood here when the store was opened, whether or not an upload still refers to them.
    func inheritedTails() async throws(StoreError) -> [TailName]
}

/// The bytes of one chunk while they arrive: written as they come, forgotten unless kept.
///
/// Used by one task at a time. Dropping the last reference frees what was written.
package protocol ChunkDraft: AnyObject, Sendable {
    /// Adds `bytes` at the end; they are not durable yet. `work` is done meanwhile, unless an error comes first.
    func append(_ bytes: ByteBuffer, during work: () -> Void) async throws(StoreError)

    /// Returns when every byte so far is durable under a name that `TailStore.draft(continuing:)` finds again.
    ///
    /// A draft that has a name keeps it.
    func persist(for upload: UploadID) async throws(StoreError) -> TailName
}

extension ChunkDraft {
    /// Adds `bytes` at the end; they are not durable yet.
    package func append(_ bytes: ByteBuffer) async throws(StoreError) { try await append(bytes) {} }
}

/// Keeps a copy of what the ledger knows of each complete file, so that a lost ledger loses no file.
package protocol RecordStore: Sendable {
    /// Returns when the record is durable. Called before the file is complete in the ledger.
    func publish(_ record: FileRecord) async throws(StoreError)

    /// Moves the record out of the way. Called before the file leaves the ledger; does nothing when it is absent.
    func withdraw(_ id: UploadID, at moment: Timestamp) async throws(StoreError)

    /// The files that there are records of, sound or not, in no order.
    func recorded() async throws(StoreError) -> [UploadID]

    /// The record of a file; nil when it is absent or damaged.
    func record(of id: UploadID) async throws(StoreError) -> FileRecord?
}

/// Takes away chunks that the engine has condemned, in two steps: aside at once, and for good later.
///
/// The moments that it is told are for that delay alone; no chunk is removed or kept because of a clock.
package protocol RemovingStore: Sendable {
    /// Returns when none of `digests` is here any more, durably, whether or not it was. After an error some may be.
    func remove(_ digests: [Digest], at moment: Timestamp) async throws(StoreError)

    /// Moves what lies under the digest to where nothing looks for it, durably, and never removes it from there: a
    /// person may want to see what became of it. Does nothing when it is absent.
    func quarantine(_ digest: Digest, at moment: Timestamp) async throws(StoreError)

    /// The digests of the chunks that are here and begin with the twelve bits `shelf`, 0 to 4095, in no order. A
    /// listing that breaks off throws: what is not in it is absent.
    func chunks(on shelf: Int) async throws(StoreError) -> [Digest]

    /// Frees what was set aside `age` or longer before `moment`, or after it, for then the clock was turned back;
    /// of one part of 256, and at most `limit` files. Returns how many it freed.
    func emptyTrash(
        _ part: Int, at moment: Timestamp, olderThan age: Duration, limit: Int
    ) async throws(StoreError) -> Int
}

/// A chunk whose bytes were hashed here: what `commit` takes.
package struct VerifiedChunk: Sendable {
    package enum Source: Sendable {
        /// Holds exactly the entry's bytes.
        case draft(any ChunkDraft)
        /// An LZ4 block that was decoded to exactly the entry's bytes; it is to be kept as it is.
        case block(ByteBuffer)
    }

    package let entry: Entry
    package let source: Source

    /// Only `ChunkWriter` and `ChunkReceiver` make one, from bytes they have hashed; and the tests of a store.
    package init(entry: Entry, source: Source) {
        self.entry = entry
        self.source = source
    }

    package init(entry: Entry, draft: any ChunkDraft) { self.init(entry: entry, source: .draft(draft)) }
}

/// A chunk that is durable, and how it lies there.
package struct StoredChunk: Hashable, Sendable {
    package enum Codec: UInt8, Sendable {
        case raw = 0
        case lz4 = 1
    }

    package let entry: Entry
    /// Bytes of payload at rest, without footer.
    package let storedLength: Int
    package let codec: Codec

    package init(entry: Entry, storedLength: Int, codec: Codec) {
        self.entry = entry
        self.storedLength = storedLength
        self.codec = codec
    }
}

/// A complete file as it stands outside the ledger: its manifest and what the client said of it.
package struct FileRecord: Hashable, Sendable {
    package let id: UploadID
    package let owner: Principal
    package let created: Timestamp
    package let metadata: Metadata
    package let manifest: Manifest

    package init(id: UploadID, owner: Principal, created: Timestamp, metadata: Metadata, manifest: Manifest) {
        self.id = id
        self.owner = owner
        self.created = created
        self.metadata = metadata
        self.manifest = manifest
    }
}
