public import CairnContent

/// Why a store or a ledger could not do what it promises. One case for each next step.
public enum StoreError: Error, Hashable, Sendable {
    /// No room, no inode or a quota is used up. Nothing is lost; retry when there is room.
    case noSpace
    /// A sync failed or the ledger is broken, so nothing can be promised any more. Reads go on; restart the server.
    case readOnly
    /// The stored chunk is not what its name says. Send its bytes again and it heals.
    case damaged(Digest)
    /// The operation failed and left nothing; try once more. The text is for the log.
    case failed(String)
}
