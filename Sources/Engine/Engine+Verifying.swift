public import CairnContent
import Logging
import NIOConcurrencyHelpers

/// What a look at chunks has found.
public struct Verified: Hashable, Sendable {
    /// Chunks whose bytes were read and are right.
    public var sound = 0
    /// What these hold, in bytes.
    public var length: Int64 = 0
    /// Chunks whose bytes are lost, now set aside.
    public var damaged: [Digest] = []
    /// Chunks that the disk does not give out, and of which nothing is known.
    public var unreadable: [Digest] = []

    package init() {}

    package static func += (left: inout Verified, right: Verified) {
        left.sound += right.sound
        left.length += right.length
        left.damaged += right.damaged
        left.unreadable += right.unreadable
    }
}

/// Never relying on bytes that nobody has read for long (spec/checking.md).
extension Engine {
    /// For how long after its bytes were known to be right a copy is relied on by its footer alone.
    static let trust = Duration.seconds(24 * 3600)

    /// The most chunks that a pass goes on without; a disk that gives out no more is no disk to go on with.
    private static let unreadableLimit = 4096
    /// How many chunks are read at once for one request.
    private static let lanes = 4
    /// Files that one line of the log names.
    private static let namedFiles = 8
    /// Uploads that are looked at again for one damaged chunk.
    private static let heldLimit = 4096

    /// Reads those chunks again whose bytes were last known to be right longer than `age` ago, those first that wait
    /// longest, at most `limit`.
    ///
    /// Damaged ones are set aside. Those that the disk does not give out, or that somebody is just bringing, are passed
    /// over until all others are read, when a call finds nothing and the next begins with them again.
    /// - Parameter lanes: How many are read at once.
    public func scrub(
        olderThan age: Duration, limit: Int, lanes: Int = 1
    ) async throws(StoreError) -> Verified {
        let moment = now()
        return try await scrub(outside: moment.advanced(by: .zero - age)...moment, limit: limit, lanes: lanes)
    }

    /// The same for chunks whose bytes were not known to be right within `trusted`.
    package func scrub(
        outside trusted: ClosedRange<Timestamp>, limit: Int, lanes: Int
    ) async throws(StoreError) -> Verified {
        let passed = passedOver.withLock { $0 }
        guard passed.count < Self.unreadableLimit else {
            throw .failed("\(passed.count) chunks cannot be read; look at the disk and the system's log")
        }
        let waiting = try await ledger.unverified(in: namespace, outside: trusted, limit: limit + passed.count)
        let due = waiting.map(\.entry).filter { !passed.contains($0.digest) }.prefix(limit)
        var verified = Verified()
        let sound = try await self.sound(among: Array(due), lanes)
        for entry in due {
            if sound.contains(entry.digest) {
                verified.sound += 1
                verified.length += Int64(entry.length)
            } else if try await setAside(entry) {
                verified.damaged.append(entry.digest)
            } else {
                verified.unreadable.append(entry.digest)
            }
        }
        passedOver.withLock { due.isEmpty ? $0 = [] : $0.formUnion(verified.unreadable) }
        return verified
    }

    /// Looks at chunks of the namespace in order of their digests, at most `limit`, by their lengths and footers; reads
    /// only what does not agree with the ledger.
    ///
    /// - Returns: What is damaged, and the last chunk that was looked at; nil when there is none behind it.
    package func look(
        after digest: Digest?, limit: Int
    ) async throws(StoreError) -> (looked: Int, damaged: [Digest], last: Digest?) {
        let known = try await ledger.keptChunks(in: namespace, after: digest, limit: limit)
        let found = try await store.inspect(known.map(\.entry.digest))
        var damaged: [Digest] = []
        for (known, found) in zip(known, found) where known != found {
            if try await setAside(known.entry) { damaged.append(known.entry.digest) }
        }
        return (known.count, damaged, known.count < limit ? nil : known.last?.entry.digest)
    }

    /// Those of the kept chunks that a client need not send: there, and right as far as anybody knows since yesterday;
    /// of the others the bytes are read.
    func reliable(among kept: [Digest: Timestamp]) async throws(StoreError) -> Set<Digest> {
        let moment = now()
        let digests = kept.keys.sorted()
        var reliable: Set<Digest> = []
        var doubtful: [Entry] = []
        for (digest, found) in zip(digests, try await store.inspect(digests)) {
            guard let found else { continue }
            if kept[digest]?.isOver(Self.trust, at: moment) ?? true {
                doubtful.append(found.entry)
            } else {
                reliable.insert(digest)
            }
        }
        let sound = try await sound(among: doubtful, Self.lanes)
        for entry in doubtful where !sound.contains(entry.digest) { _ = try await setAside(entry) }
        return reliable.union(sound)
    }

    /// How many bytes would have to be read before all of the kept chunks can be relied on.
    func doubtfulLength(of entries: [Entry], _ kept: [Digest: Timestamp]) -> Int64 {
        let moment = now()
        return entries.reduce(0) { length, entry in
            length + (kept[entry.digest]?.isOver(Self.trust, at: moment) ?? true ? Int64(entry.length) : 0)
        }
    }

    /// Those whose bytes are right, which is noted.
    private func sound(among entries: [Entry], _ lanes: Int) async throws(StoreError) -> Set<Digest> {
        var sound: [Digest] = []
        for start in stride(from: 0, to: entries.count, by: lanes) where !stopping.hasFired {
            let some = entries[start..<min(start + lanes, entries.count)]
            sound += await withTaskGroup(of: Digest?.self) { group in
                for entry in some { group.addTask { await self.isSound(entry) == true ? entry.digest : nil } }
                return await group.reduce(into: []) { if let digest = $1 { $0.append(digest) } }
            }
        }
        guard !stopping.hasFired else { throw .failed("the server is stopping") }
        if !sound.isEmpty { try await ledger.commit([.verify(sound.sorted(), in: namespace, at: now())]) }
        return Set(sound)
    }

    /// Nil when the disk does not say.
    private func isSound(_ entry: Entry) async -> Bool? {
        do throws(StoreError) {
            _ = try await verified(store.read(entry.digest), entry)
            return true
        } catch .damaged {
            return false
        } catch {
            logger.error("cannot read a chunk", metadata: ["digest": "\(entry.digest)", "cause": "\(error)"])
            return nil
        }
    }

    /// Moves the chunk's bytes out of the way when they are not what they must be, and writes down that they are lost:
    /// whoever brings them heals every file that has them.
    ///
    /// - Returns: Whether they are lost. Not when somebody is just bringing them, when they are right by now, or when
    ///   the disk does not say: a disk that reads nothing must not cost the whole store.
    func setAside(_ entry: Entry) async throws(StoreError) -> Bool {
        let digest = entry.digest
        let closed = locks.close([digest])
        defer { locks.open(closed) }
        guard !closed.isEmpty, try await ledger.kept(of: [digest], in: namespace, by: nil)[digest] != nil,
            await isSound(entry) == false
        else { return false }
        try await store.quarantine(digest, at: now())
        try await ledger.commit([.damage([digest], in: namespace, at: now())])
        let holders = try await ledger.uploads(referringTo: digest, in: namespace, limit: Self.heldLimit)
        let open = holders.filter { $0.state == .open }.map(\.id)
        // Their chunks are looked for again before they go on.
        sound.withLock { $0.subtract(open) }
        let files = holders.filter { $0.state == .complete }.prefix(Self.namedFiles).map(\.id.description)
        logger.error(
            "chunk damaged: set aside, whoever sends its bytes heals it",
            metadata: ["digest": "\(digest)", "files": "\(files)"])
        return true
    }
}
