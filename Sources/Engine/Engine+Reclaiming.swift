import CairnContent

/// How much of a run of the collector is done at once, and how gently.
public struct Pace: Hashable, Sendable {
    /// Shelves of the store that are looked through for chunks the ledger does not know; of 4,096.
    package var shelves: Int
    /// Parts of the trash that are looked through; of 256.
    package var trashParts: Int
    /// Whether all chunks are looked through, even when no reference went.
    package var isThorough: Bool
    /// How long the collector rests after each step, as a multiple of what the step took.
    package var rest: Double

    /// How many shelves a store has, and in how many parts its trash is emptied.
    package static let shelfCount = 4096
    package static let trashPartCount = 256

    /// Everything, without a rest: for a store that nobody else uses.
    public static let thorough = Pace(
        shelves: shelfCount, trashParts: trashPartCount, isThorough: true, rest: 0)

    /// Beside running uploads: a third of the time at most, all shelves in 64 runs and the trash in 16.
    public static let gentle = Pace(shelves: 64, trashParts: 16, isThorough: false, rest: 2)

    package init(shelves: Int, trashParts: Int, isThorough: Bool, rest: Double) {
        self.shelves = shelves
        self.trashParts = trashParts
        self.isThorough = isThorough
        self.rest = rest
    }
}

/// What a run of the collector has done.
public struct Reclaimed: Hashable, Sendable {
    /// Chunks that nothing referred to any more, set aside.
    public var chunks = 0
    /// What these took, in bytes.
    public var length: Int64 = 0
    /// Chunks that the ledger never knew, set aside.
    public var strays = 0
    /// Uploads whose entries were shed.
    public var ends = 0
    /// Files freed for good.
    public var freed = 0
    /// Ended uploads that are remembered no longer.
    public var forgotten = 0
    /// What stopped the run. What it had done is done; the rest is left to the next.
    public var failure: StoreError?

    package init() {}

    /// Whether there was nothing to do.
    public var isEmpty: Bool { self == Reclaimed() }
}

/// Giving back what nobody refers to any more (spec/reclaiming.md).
extension Engine {
    /// One run of the collector, in small steps; any number of uploads may run beside it. Of two runs at once the
    /// second does nothing.
    ///
    /// Which chunks go is decided by the ledger's transactions and the digests' locks alone. Any error ends the run.
    public func reclaim(_ pace: Pace = .thorough) async -> Reclaimed {
        guard collection.begin() else { return Reclaimed() }
        defer { collection.end() }
        var collector = Collector(engine: self, pace: pace)
        do throws(StoreError) { try await collector.run() } catch {
            collector.done.failure = error
            collection.referencesWent()
        }
        return collector.done
    }
}

/// One run. Each step is a small transaction, or a few files.
private struct Collector {
    let engine: Engine
    let pace: Pace
    var done = Reclaimed()

    /// Entries that one transaction sheds, and of how many uploads.
    private static let shedLimit = 2048
    private static let shedTogether = 32
    /// Ended uploads that one run sheds.
    private static let endLimit = 1024
    /// Chunks that one question looks at.
    private static let lookLimit = 1024
    /// Chunks that one batch removes, and shelves that they may lie on: whoever brings one of them waits for the batch.
    private static let batchLimit = 128
    private static let batchShelves = 16
    /// Files that one step frees.
    private static let freeLimit = 256
    /// Ended uploads that one transaction forgets.
    private static let forgetLimit = 256
    private static let restLimit = Duration.seconds(1)

    private var namespace: Namespace { engine.namespace }

    mutating func run() async throws(StoreError) {
        try await shed()
        try await finishCondemned()
        if engine.collection.takeDue() || pace.isThorough { try await collectUnreferenced() }
        try await collectStrays(among: engine.locks.takeLeft().sorted())
        for _ in 0..<pace.shelves where goesOn { try await collectStrays(on: engine.collection.nextShelf()) }
        for _ in 0..<pace.trashParts where goesOn { try await free(engine.collection.nextTrashPart()) }
        try await forget()
    }

    private var goesOn: Bool { !engine.stopping.hasFired && !Task.isCancelled }

    /// Runs one step, then rests as long as the pace says.
    private func step<Value>(
        _ work: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let start = ContinuousClock.now
        let value = try await work()
        guard pace.rest > 0 else { return value }
        let rest = min((ContinuousClock.now - start) * pace.rest, Self.restLimit)
        // A sleep throws only when it is cancelled, which the loops look for.
        try? await engine.clock.sleep(for: rest)
        return value
    }

    // MARK: References

    /// Sheds what has ended by now, the oldest first; what ends meanwhile is left to the next run, or this one might
    /// never come to an end.
    private mutating func shed() async throws(StoreError) {
        var left = try await engine.ledger.unshed(limit: Self.endLimit)
        while goesOn, !left.isEmpty {
            let some = left.prefix(Self.shedTogether)
            let limit = Self.shedLimit / some.count
            let still = try await step { () async throws(StoreError) -> Set<UploadID> in
                try await engine.ledger.commit(some.map { .shed($0, limit: limit) })
                return Set(try await engine.ledger.unshed(limit: Self.endLimit))
            }
            engine.collection.referencesWent()
            let gone = Set(some).subtracting(still)
            left.removeAll(where: gone.contains)
            done.ends += gone.count
        }
    }

    // MARK: Chunks

    /// What an earlier run condemned and did not come to remove.
    private mutating func finishCondemned() async throws(StoreError) {
        let left = try await engine.ledger.condemned(among: nil, in: namespace, limit: Self.lookLimit)
        for batch in Self.batches(left.map(\.entry.digest).sorted()) where goesOn {
            try await remove(batch, condemning: false)
        }
    }

    private mutating func collectUnreferenced() async throws(StoreError) {
        var last: Digest?
        repeat {
            let after = last
            let page = try await step { () async throws(StoreError) in
                try await engine.ledger.unreferenced(in: namespace, after: after, looking: Self.lookLimit)
            }
            for batch in Self.batches(page.chunks.map(\.entry.digest)) where goesOn {
                try await remove(batch, condemning: true)
            }
            last = page.last
        } while last != nil && goesOn
        if !goesOn { engine.collection.referencesWent() }
    }

    /// Condemned in a transaction that sees no reference, then set aside, then dropped: while nobody holds them.
    private mutating func remove(_ digests: [Digest], condemning: Bool) async throws(StoreError) {
        let removed = try await step { () async throws(StoreError) -> [StoredChunk] in
            let closed = engine.locks.close(digests)
            defer { engine.locks.open(closed) }
            guard !closed.isEmpty else { return [] }
            if condemning { try await engine.ledger.commit([.condemn(closed, in: namespace)]) }
            let condemned = try await engine.ledger.condemned(
                among: Set(closed), in: namespace, limit: closed.count)
            guard !condemned.isEmpty else { return [] }
            try await engine.store.remove(condemned.map(\.entry.digest), at: engine.now())
            try await engine.ledger.commit([.drop(condemned.map(\.entry.digest), in: namespace)])
            return condemned
        }
        done.chunks += removed.count
        done.length += removed.reduce(0) { $0 + Int64($1.storedLength) }
    }

    /// Chunks that the ledger has no row of: power was lost before its commit, or the body was not what it was said to
    /// be.
    private mutating func collectStrays(on shelf: Int) async throws(StoreError) {
        let found = try await step { () async throws(StoreError) -> [Digest] in
            let digests = try await engine.store.chunks(on: shelf)
            guard !digests.isEmpty else { return [] }
            let recorded = try await engine.ledger.recorded(of: Set(digests), in: namespace)
            return digests.filter { !recorded.contains($0) }.sorted()
        }
        try await collectStrays(among: found)
    }

    private mutating func collectStrays(among digests: [Digest]) async throws(StoreError) {
        for batch in Self.batches(digests) where goesOn {
            let count = try await step { () async throws(StoreError) -> Int in
                let closed = engine.locks.close(batch)
                defer { engine.locks.open(closed) }
                // Nobody holds them, so no row of theirs can come from here on.
                let recorded = try await engine.ledger.recorded(of: Set(closed), in: namespace)
                let strays = closed.filter { !recorded.contains($0) }
                guard !strays.isEmpty else { return 0 }
                try await engine.store.remove(strays, at: engine.now())
                return strays.count
            }
            done.strays += count
        }
    }

    /// Pieces that lie on few shelves, of digests in order.
    static func batches(_ digests: [Digest]) -> [[Digest]] {
        var batches: [[Digest]] = []
        var shelves: Set<Int> = []
        for digest in digests {
            shelves.insert(digest.shelf)
            if let count = batches.last?.count, count < batchLimit, shelves.count <= batchShelves {
                batches[batches.count - 1].append(digest)
            } else {
                batches.append([digest])
                shelves = [digest.shelf]
            }
        }
        return batches
    }

    // MARK: What is left of them

    private mutating func free(_ part: Int) async throws(StoreError) {
        var count = 0
        repeat {
            count = try await step { () async throws(StoreError) in
                try await engine.store.emptyTrash(
                    part, at: engine.now(), olderThan: engine.limits.trash, limit: Self.freeLimit)
            }
            done.freed += count
        } while count == Self.freeLimit && goesOn
    }

    private mutating func forget() async throws(StoreError) {
        for state in [Upload.State.cancelled, .expired] {
            var query = UploadQuery(namespace: namespace, state: state, limit: Self.forgetLimit)
            query.expiring = engine.now()
            var before: [UploadID] = []
            while goesOn {
                let due = try await engine.ledger.uploads(query).map(\.id)
                // Those that came back have entries still: they are shed by the next run.
                guard !due.isEmpty, due != before else { break }
                try await step { () async throws(StoreError) in try await engine.ledger.commit([.forget(due)]) }
                done.forgotten += due.count
                before = due
            }
        }
    }
}

extension Digest {
    /// The store's shelf that a chunk lies on: its first twelve bits.
    package var shelf: Int { Int(leadingWord >> 52) }
}
