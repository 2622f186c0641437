package import CairnContent

/// Remembers uploads, their entries and what refers to which chunk, in transactions.
package protocol Ledger: Sendable {
    /// Returns when all changes are durable together, in their order; when it throws, none took effect.
    ///
    /// Concurrent calls may share one transaction on disk; each stays all or nothing.
    func commit(_ changes: [LedgerChange]) async throws(StoreError)

    /// The upload as last committed, tombstones included; nil when there never was one.
    func upload(_ id: UploadID) async throws(StoreError) -> Upload?

    /// The uploads that `query` asks for, newest first.
    func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload]

    /// The entries of an upload by index; fewer when it has fewer.
    func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry]

    /// The entries of an upload by index, named or present, without a gap; fewer when it has fewer.
    func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry]

    /// How the chunk of this digest stands in an upload: nil when no entry names it. One that is named more than once
    /// is missing when any of them is.
    func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry?

    /// Those of `digests` that the ledger knows as kept in the namespace, each with the moment at which its bytes were
    /// last known to be right; with an owner, those that an upload of theirs refers to. Behind many references of
    /// others one of theirs may be overlooked.
    func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> [Digest: Timestamp]

    /// What an owner has in the namespace, ended uploads left out; of each its `countedLength`.
    func usage(of owner: Principal, in namespace: Namespace) async throws(StoreError) -> Usage

    /// The newest complete file of this content id; nil when there is none.
    func file(_ contentID: Digest, in namespace: Namespace, of owner: Principal) async throws(StoreError) -> Upload?

    /// The uploads that a client's own name stands for.
    func generations(of key: UploadKey) async throws(StoreError) -> Generations?

    // What can be reclaimed (spec/reclaiming.md).

    /// Looks at the next `limit` chunks of the namespace, in order of their digests, and names those that no entry
    /// refers to; a hint, for a reference may come at any time.
    func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage

    /// The condemned chunks of the namespace, at most `limit`; with `digests`, of those only.
    func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk]

    /// Those of `digests` that the ledger has a row of in the namespace, in whatever state.
    func recorded(of digests: Set<Digest>, in namespace: Namespace) async throws(StoreError) -> Set<Digest>

    /// Ended uploads whose entries are not shed yet, at most `limit`.
    func unshed(limit: Int) async throws(StoreError) -> [UploadID]

    // What is looked at again (spec/checking.md).

    /// The kept chunks of the namespace after `digest`, in order of their digests, at most `limit`.
    func keptChunks(
        in namespace: Namespace, after digest: Digest?, limit: Int
    ) async throws(StoreError) -> [StoredChunk]

    /// Kept chunks whose bytes were last known to be right outside `trusted`, those first that wait longest; at most
    /// `limit`.
    func unverified(
        in namespace: Namespace, outside trusted: ClosedRange<Timestamp>, limit: Int
    ) async throws(StoreError) -> [StoredChunk]

    /// The uploads with an entry that refers to the chunk, kept or damaged; at most `limit`.
    func uploads(
        referringTo digest: Digest, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [Upload]
}

/// What a look at some of a namespace's chunks has found.
package struct ChunkPage: Hashable, Sendable {
    /// Those that nothing refers to, in order of their digests.
    package var chunks: [StoredChunk]
    /// The last that was looked at, to go on after; nil when there is none behind it.
    package var last: Digest?

    package init(chunks: [StoredChunk], last: Digest?) {
        self.chunks = chunks
        self.last = last
    }
}

/// One step of a transaction.
package enum LedgerChange: Sendable {
    /// The upload now stands as given, new or not.
    ///
    /// `entries` are its last ones: they stand at the indices from `run.count - entries.count` on, replace what
    /// stood there, and what stood beyond `run.count` is gone. Each is a reference to a durable chunk.
    case write(Upload, entries: [StoredChunk])

    /// A new upload stands as given; its entries are the first `run.count` of `origin`'s, and refer to the same chunks.
    case branch(Upload, origin: UploadID)

    /// The client's own name now stands for these uploads, or, with nil, for none.
    case name(UploadKey, Generations?)

    /// Entries of an open upload are named, from an index on that leaves no gap; those that are known there must be the
    /// same. A named entry whose digest is in `kept`, or whose chunk another entry of the upload refers to, refers to
    /// it from now on, and the run advances as far as it can.
    case declare(UploadID, from: Int, [Entry], kept: Set<Digest>, Naming)

    /// Durable chunks: every named entry of the upload with such a digest and length refers to it from now on, and the
    /// run advances as far as it can. What was the tail is one no more when the run has passed it.
    case place(UploadID, [StoredChunk], Placing)

    /// The entries at these indices are missing again: their chunks were lost. The run ends before the first, and the
    /// tail, if there is one, is gone.
    case lose(UploadID, [Int])

    /// The upload now stands as given, new or not; its entries are all those of `origins`, in order, and refer to the
    /// same chunks. One may be named again and again.
    case join(Upload, origins: [UploadID])

    /// The upload, open or complete before, has ended as given. It has no entries any more for whoever asks; as
    /// references they count until they are shed. It takes no further change.
    case end(Upload)

    /// Up to so many entries of an ended upload are gone for good.
    case shed(UploadID, limit: Int)

    /// Those of the chunks that no entry refers to are condemned: none can refer to them any more, unless the store
    /// keeps their bytes anew.
    case condemn([Digest], in: Namespace)

    /// The condemned chunks are known no longer. Their bytes were removed before.
    case drop([Digest], in: Namespace)

    /// The kept ones of these chunks were read, and their bytes are right.
    case verify([Digest], in: Namespace, at: Timestamp)

    /// The kept ones of these chunks were looked for, and their bytes are not there. Their entries refer to them still,
    /// but nothing new does until the store keeps the bytes anew, which makes all of them good again.
    case damage([Digest], in: Namespace, at: Timestamp)

    /// Ended uploads whose entries were shed are known no longer. A name that stood for one stands for the other it may
    /// have stood for, or for none.
    case forget([UploadID])
}

/// What is said of an upload besides the entries that are named.
package struct Naming: Hashable, Sendable {
    /// The file's length from now on, when it was not known.
    package var length: Int64?
    /// What the client says of the file, where nothing was known.
    package var metadata = Metadata()
    /// When the upload ends by itself unless more comes.
    package var expires: Timestamp

    package init(length: Int64? = nil, metadata: Metadata = Metadata(), expires: Timestamp) {
        self.length = length
        self.metadata = metadata
        self.expires = expires
    }
}

/// What is said of an upload besides the chunks that are placed.
package struct Placing: Hashable, Sendable {
    /// The durable bytes that follow the entries before `tailIndex`; they count when the run ends there.
    package var tail: Tail?
    package var tailIndex = 0
    /// When the upload ends by itself unless more comes.
    package var expires: Timestamp

    package init(tail: Tail? = nil, at tailIndex: Int = 0, expires: Timestamp) {
        self.tail = tail
        self.tailIndex = tailIndex
        self.expires = expires
    }
}

/// An entry of an upload, and whether its chunk is referred to.
package struct KnownEntry: Hashable, Sendable {
    package let entry: Entry
    package let isPresent: Bool

    package init(_ entry: Entry, isPresent: Bool) {
        self.entry = entry
        self.isPresent = isPresent
    }
}

/// Which uploads to list.
package struct UploadQuery: Hashable, Sendable {
    package var namespace: Namespace
    package var state: Upload.State
    /// Only theirs.
    package var owner: Principal?
    /// Only those that expire at or before this moment.
    package var expiring: Timestamp?
    /// Only those after this one in the list's order.
    package var after: UploadID?
    /// The most uploads to return.
    package var limit: Int

    package init(
        namespace: Namespace, state: Upload.State, owner: Principal? = nil, expiring: Timestamp? = nil,
        after: UploadID? = nil, limit: Int
    ) {
        self.namespace = namespace
        self.state = state
        self.owner = owner
        self.expiring = expiring
        self.after = after
        self.limit = limit
    }
}

/// A client's own name for an upload (X-Start-Byte's file id): a digest over the principal and the name,
/// so that no foreign text becomes part of a path or a query.
public struct UploadKey: Hashable, Sendable {
    package let digest: Digest

    /// The key as a ledger kept it.
    package init(digest: Digest) { self.digest = digest }

    /// SHA-256 over the principal's name, a zero byte, and the client's name as it came.
    public init(_ name: String, of principal: Principal) {
        digest = Digest(hashing: Array(principal.description.utf8 + [0] + name.utf8).span)
    }
}

/// What a client's own name stands for: the upload that counts and, while a client starts over, the one that
/// may replace it.
package struct Generations: Hashable, Sendable {
    package var current: UploadID
    package var challenger: UploadID?

    package init(current: UploadID, challenger: UploadID? = nil) {
        self.current = current
        self.challenger = challenger
    }
}
