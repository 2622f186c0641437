public import CairnContent

extension Engine {
    /// An engine whose files are in memory and gone with it: for tests and trials of what is built on one.
    ///
    /// - Parameters:
    ///   - limits: What it refuses.
    ///   - chunkSize: Of uploads that begin here.
    ///   - dedup: Which chunks need not be sent again.
    public static func inMemory(
        limits: Limits = Limits(), chunkSize: ChunkSize = .standard, dedup: Dedup = .trust
    ) -> Engine {
        Engine(store: MemoryStore(), ledger: MemoryLedger(), limits: limits, chunkSize: chunkSize, dedup: dedup)
    }
}
