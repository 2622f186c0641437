public import CairnContent
import NIOConcurrencyHelpers

/// A ledger that lives in memory: the executable model of what every ledger promises, and the ledger of tests.
public final class MemoryLedger: Ledger {
    fileprivate struct State {
        var uploads: [UploadID: Upload] = [:]
        var order: [UploadID: Int] = [:]
        var entries: [UploadID: [KnownEntry]] = [:]
        /// All chunks that entries ever referred to.
        var chunks: Set<Entry> = []
        var names: [UploadKey: Generations] = [:]
    }

    private let state: NIOLockedValueBox<State>

    public init() { state = NIOLockedValueBox(State()) }

    private init(_ state: State) { self.state = NIOLockedValueBox(state) }

    /// What is committed now, as a ledger of its own: what is left after power was lost at this moment.
    package func snapshot() -> MemoryLedger { MemoryLedger(state.withLock { $0 }) }

    public func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        let isDone = state.withLock { state in
            var next = state
            guard changes.allSatisfy({ next.apply($0) }) else { return false }
            state = next
            return true
        }
        guard isDone else { throw .failed("the change does not fit the upload") }
    }

    public func upload(_ id: UploadID) async throws(StoreError) -> Upload? { state.withLock { $0.uploads[id] } }

    public func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload] {
        state.withLock { state in
            let start = query.after.flatMap { state.order[$0] } ?? .max
            let found = state.uploads.values.filter { upload in
                upload.namespace == query.namespace && upload.state == query.state
                    && query.expiring.map { moment in upload.expires.map { $0 <= moment } ?? false } ?? true
                    && state.order[upload.id, default: 0] < start
            }
            return Array(
                found.sorted { state.order[$0.id, default: 0] > state.order[$1.id, default: 0] }.prefix(query.limit))
        }
    }

    public func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry] {
        state.withLock { state in
            let entries = state.entries[id, default: []].dropFirst(indices.lowerBound).prefix(indices.count)
            return entries.prefix { $0.isPresent }.map(\.entry)
        }
    }

    public func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry] {
        state.withLock { Array($0.entries[id, default: []].dropFirst(indices.lowerBound).prefix(indices.count)) }
    }

    public func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry? {
        let found = state.withLock { $0.entries[id, default: []].filter { $0.entry.digest == digest } }
        return found.first { !$0.isPresent } ?? found.first
    }

    public func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> Set<Digest> {
        state.withLock { state in
            guard let owner else { return digests.intersection(state.chunks.map(\.digest)) }
            let own = state.uploads.values.filter { $0.owner == owner }.flatMap { state.entries[$0.id, default: []] }
            return digests.intersection(own.filter(\.isPresent).map(\.entry.digest))
        }
    }

    public func file(
        _ contentID: Digest, in namespace: Namespace, of owner: Principal
    ) async throws(StoreError) -> Upload? {
        state.withLock { state in
            let found = state.uploads.values.filter {
                $0.contentID == contentID && $0.namespace == namespace && $0.owner == owner && $0.expires == nil
            }
            return found.max { state.order[$0.id, default: 0] < state.order[$1.id, default: 0] }
        }
    }

    public func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        state.withLock { $0.names[key] }
    }
}

extension MemoryLedger.State {
    /// False when the change speaks of entries that are not there.
    fileprivate mutating func apply(_ change: LedgerChange) -> Bool {
        switch change {
        case .write(let upload, let entries): return write(upload, entries)
        case .branch(let upload, let origin):
            let entries = self.entries[origin, default: []]
            guard upload.run.count <= entries.count else { return false }
            put(upload, entries.prefix(upload.run.count))
        case .name(let key, let generations): names[key] = generations
        case .declare(let id, let index, let entries, let kept, let naming):
            let kept = chunks.filter { kept.contains($0.digest) }
            return edit(id) { $0.declare(from: index, entries, kept: kept, naming) }
        case .place(let id, let stored, let placing):
            chunks.formUnion(stored.map(\.entry))
            return edit(id) { $0.place(Set(stored.map(\.entry)), placing) }
        case .lose(let id, let indices): return edit(id) { $0.lose(indices) }
        case .join(let upload, let origins):
            let joined = origins.flatMap { entries[$0, default: []] }
            guard upload.run.count == joined.count else { return false }
            put(upload, joined[...])
        }
        return true
    }

    private mutating func write(_ upload: Upload, _ entries: [StoredChunk]) -> Bool {
        let kept = upload.run.count - entries.count
        guard kept >= 0, kept <= self.entries[upload.id, default: []].count, !upload.isNamedAhead else { return false }
        chunks.formUnion(entries.map(\.entry))
        let new = entries.map { KnownEntry($0.entry, isPresent: true) }
        put(upload, self.entries[upload.id, default: []].prefix(kept) + new)
        return true
    }

    private mutating func put(_ upload: Upload, _ entries: ArraySlice<KnownEntry>) {
        if uploads[upload.id] == nil { order[upload.id] = order.count }
        uploads[upload.id] = upload
        self.entries[upload.id] = Array(entries)
    }

    /// Changes an open upload and its entries together, or not at all.
    private mutating func edit(_ id: UploadID, _ work: (inout Named) -> Bool) -> Bool {
        guard let upload = uploads[id], upload.state == .open else { return false }
        var named = Named(upload: upload, entries: entries[id, default: []])
        guard work(&named) else { return false }
        uploads[id] = named.upload
        entries[id] = named.entries
        return true
    }
}

/// An upload with all its entries in memory.
private struct Named {
    var upload: Upload
    var entries: [KnownEntry]

    mutating func declare(from index: Int, _ new: [Entry], kept: Set<Entry>, _ naming: Naming) -> Bool {
        guard (0...entries.count).contains(index) else { return false }
        for (place, entry) in zip(index..., new) {
            if place < entries.count {
                guard entries[place].entry == entry else { return false }
                let isPresent = entries[place].isPresent || kept.contains(entry)
                entries[place] = KnownEntry(entry, isPresent: isPresent)
            } else {
                entries.append(KnownEntry(entry, isPresent: kept.contains(entry)))
            }
        }
        upload.apply(naming, entryCount: entries.count)
        advance()
        return true
    }

    mutating func place(_ chunks: Set<Entry>, _ placing: Placing) -> Bool {
        for place in entries.indices where chunks.contains(entries[place].entry) {
            entries[place] = KnownEntry(entries[place].entry, isPresent: true)
        }
        advance()
        upload.apply(placing)
        return true
    }

    mutating func lose(_ indices: [Int]) -> Bool {
        guard indices.allSatisfy(entries.indices.contains) else { return false }
        for place in indices { entries[place] = KnownEntry(entries[place].entry, isPresent: false) }
        let first = min(indices.min() ?? .max, upload.run.count)
        upload.shorten(to: Run(entries[..<first].map(\.entry)), entryCount: entries.count)
        return true
    }

    private mutating func advance() {
        upload.advance(along: entries[upload.run.count...].prefix { $0.isPresent }.map(\.entry))
    }
}
