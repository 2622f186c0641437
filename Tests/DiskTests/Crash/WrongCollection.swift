import CairnContent
import CairnDisk
import CairnEngine

/// A ledger that makes the collector do things in the wrong order, or without a look.
actor WrongCollection: Ledger {
    private let ledger: PoweredLedger
    private let store: DiskStore
    private let wiring: Wiring
    /// What was dropped too early.
    private var dropped: [StoredChunk] = []

    init(ledger: PoweredLedger, store: DiskStore, wiring: Wiring) {
        self.ledger = ledger
        self.store = store
        self.wiring = wiring
    }

    func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        guard let change = changes.first else { return try await ledger.commit(changes) }
        switch (wiring, change) {
        case (.condemnedUnchecked, .condemn), (.condemnedUnchecked, .drop): break
        case (.droppedFirst, .drop): break
        case (.droppedFirst, .condemn(let digests, let namespace)):
            try await ledger.commit(changes)
            dropped = try await ledger.condemned(among: Set(digests), in: namespace, limit: digests.count)
            try await ledger.commit([.drop(dropped.map(\.entry.digest), in: namespace)])
        case (.setAsideFirst, .condemn(let digests, let namespace)):
            let free = try await ledger.unreferenced(in: namespace, after: nil, looking: 1000).chunks
            try await store.remove(
                free.map(\.entry.digest).filter(digests.contains), at: Timestamp(seconds: 1_700_000_000))
            try await ledger.commit(changes)
        default: try await ledger.commit(changes)
        }
    }

    func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage {
        guard wiring == .condemnedUnchecked else {
            return try await ledger.unreferenced(in: namespace, after: digest, looking: limit)
        }
        let all = ledger.books.liveChunks(in: namespace).sorted()
        return ChunkPage(chunks: all.map(Self.stored), last: nil)
    }

    func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        switch wiring {
        case .condemnedUnchecked: (digests ?? []).map(Self.stored)
        case .droppedFirst where digests != nil: dropped
        default: try await ledger.condemned(among: digests, in: namespace, limit: limit)
        }
    }

    private static func stored(_ digest: Digest) -> StoredChunk {
        StoredChunk(entry: Entry(digest: digest, length: 1), storedLength: 1, codec: .raw)
    }

    func recorded(of digests: Set<Digest>, in namespace: Namespace) async throws(StoreError) -> Set<Digest> {
        try await ledger.recorded(of: digests, in: namespace)
    }

    func unshed(limit: Int) async throws(StoreError) -> [UploadID] { try await ledger.unshed(limit: limit) }

    func upload(_ id: UploadID) async throws(StoreError) -> Upload? { try await ledger.upload(id) }

    func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload] { try await ledger.uploads(query) }

    func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry] {
        try await ledger.entries(of: id, in: indices)
    }

    func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry] {
        try await ledger.known(of: id, in: indices)
    }

    func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry? {
        try await ledger.standing(of: digest, in: id)
    }

    func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> Set<Digest> {
        try await ledger.kept(of: digests, in: namespace, by: owner)
    }

    func file(
        _ contentID: Digest, in namespace: Namespace, of owner: Principal
    ) async throws(StoreError) -> Upload? {
        try await ledger.file(contentID, in: namespace, of: owner)
    }

    func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        try await ledger.generations(of: key)
    }
}
