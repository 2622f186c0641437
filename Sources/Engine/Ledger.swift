public import CairnContent

/// Remembers uploads, their entries and what refers to which chunk, in transactions.
public protocol Ledger: Sendable {
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

    /// The uploads that a client's own name stands for.
    func generations(of key: UploadKey) async throws(StoreError) -> Generations?
}

/// One step of a transaction.
public enum LedgerChange: Sendable {
    /// The upload now stands as given, new or not.
    ///
    /// `entries` are its last ones: they stand at the indices from `run.count - entries.count` on, replace what
    /// stood there, and what stood beyond `run.count` is gone. Each is a reference to a durable chunk.
    case write(Upload, entries: [StoredChunk])

    /// A new upload stands as given; its entries are the first `run.count` of `origin`'s, and refer to the same chunks.
    case branch(Upload, origin: UploadID)

    /// The client's own name now stands for these uploads, or, with nil, for none.
    case name(UploadKey, Generations?)

    /// The upload now stands as given, new or not; its entries are all those of `origins`, in order, and refer to the
    /// same chunks. One may be named again and again.
    case join(Upload, origins: [UploadID])
}

/// Which uploads to list.
public struct UploadQuery: Hashable, Sendable {
    public var namespace: Namespace
    public var state: Upload.State
    /// Only those that expire at or before this moment.
    public var expiring: Timestamp?
    /// Only those after this one in the list's order.
    public var after: UploadID?
    /// The most uploads to return.
    public var limit: Int

    public init(
        namespace: Namespace, state: Upload.State, expiring: Timestamp? = nil, after: UploadID? = nil, limit: Int
    ) {
        self.namespace = namespace
        self.state = state
        self.expiring = expiring
        self.after = after
        self.limit = limit
    }
}

/// A client's own name for an upload (X-Start-Byte's file id): a digest over the principal and the name,
/// so that no foreign text becomes part of a path or a query.
public struct UploadKey: Hashable, Sendable {
    public let digest: Digest

    /// The key as a ledger kept it.
    public init(digest: Digest) { self.digest = digest }

    /// SHA-256 over the principal's name, a zero byte, and the client's name as it came.
    public init(_ name: String, of principal: Principal) {
        digest = Digest(hashing: Array(principal.description.utf8 + [0] + name.utf8).span)
    }
}

/// What a client's own name stands for: the upload that counts and, while a client starts over, the one that
/// may replace it.
public struct Generations: Hashable, Sendable {
    public var current: UploadID
    public var challenger: UploadID?

    public init(current: UploadID, challenger: UploadID? = nil) {
        self.current = current
        self.challenger = challenger
    }
}
