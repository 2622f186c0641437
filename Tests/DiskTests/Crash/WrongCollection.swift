import CairnContent
import CairnDisk
import CairnEngine
import Forwarding

/// A ledger that makes the collector do things in the wrong order, or without a look.
actor WrongCollection: ForwardingLedger {
    nonisolated let base: PoweredLedger
    private let store: DiskStore
    private let wiring: Wiring
    /// What was dropped too early.
    private var dropped: [StoredChunk] = []

    init(ledger: PoweredLedger, store: DiskStore, wiring: Wiring) {
        base = ledger
        self.store = store
        self.wiring = wiring
    }

    func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        guard let change = changes.first else { return try await base.commit(changes) }
        switch (wiring, change) {
        case (.condemnedUnchecked, .condemn), (.condemnedUnchecked, .drop): break
        case (.droppedFirst, .drop): break
        case (.droppedFirst, .condemn(let digests, let namespace)):
            try await base.commit(changes)
            dropped = try await base.condemned(among: Set(digests), in: namespace, limit: digests.count)
            try await base.commit([.drop(dropped.map(\.entry.digest), in: namespace)])
        case (.setAsideFirst, .condemn(let digests, let namespace)):
            let free = try await base.unreferenced(in: namespace, after: nil, looking: 1000).chunks
            try await store.remove(
                free.map(\.entry.digest).filter(digests.contains), at: Timestamp(seconds: 1_700_000_000))
            try await base.commit(changes)
        default: try await base.commit(changes)
        }
    }

    func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage {
        guard wiring == .condemnedUnchecked else {
            return try await base.unreferenced(in: namespace, after: digest, looking: limit)
        }
        let all = base.books.liveChunks(in: namespace).sorted()
        return ChunkPage(chunks: all.map(Self.stored), last: nil)
    }

    func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        switch wiring {
        case .condemnedUnchecked: (digests ?? []).map(Self.stored)
        case .droppedFirst where digests != nil: dropped
        default: try await base.condemned(among: digests, in: namespace, limit: limit)
        }
    }

    private static func stored(_ digest: Digest) -> StoredChunk {
        StoredChunk(entry: Entry(digest: digest, length: 1), storedLength: 1, codec: .raw)
    }
}
