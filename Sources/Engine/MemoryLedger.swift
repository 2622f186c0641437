package import CairnContent
import NIOConcurrencyHelpers

/// A ledger that lives in memory: the executable model of what every ledger promises, and the ledger of tests.
package final class MemoryLedger: Ledger {
    fileprivate struct State {
        let now: @Sendable () -> Timestamp
        var uploads: [UploadID: Upload] = [:]
        var order: [UploadID: Int] = [:]
        var entries: [UploadID: [KnownEntry]] = [:]
        /// What is left of the entries of uploads that have ended.
        var unshed: [UploadID: [KnownEntry]] = [:]
        var chunks: [Namespace: [Digest: Chunk]] = [:]
        var names: [UploadKey: Generations] = [:]
        /// How many uploads there ever were.
        var count = 0
    }

    /// A chunk that was durable when this was written down.
    fileprivate struct Chunk {
        var stored: StoredChunk
        var verified: Timestamp
        var isCondemned = false
        var isDamaged = false

        var isKept: Bool { !isCondemned && !isDamaged }
    }

    private let state: NIOLockedValueBox<State>

    /// - Parameter now: When chunks are said to be right as they are kept.
    package init(now: @escaping @Sendable () -> Timestamp = Timestamp.now) {
        state = NIOLockedValueBox(State(now: now))
    }

    private init(_ state: State) { self.state = NIOLockedValueBox(state) }

    /// What is committed now, as a ledger of its own: what is left after power was lost at this moment.
    package func snapshot() -> MemoryLedger { MemoryLedger(state.withLock { $0 }) }

    /// The chunks that are not condemned: the store has their bytes.
    package func liveChunks(in namespace: Namespace) -> [Digest] {
        state.withLock { $0.chunks[namespace, default: [:]].filter { $1.isKept }.map(\.key) }
    }

    package func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        let isDone = state.withLock { state in
            var next = state
            guard changes.allSatisfy({ next.apply($0) }) else { return false }
            state = next
            return true
        }
        guard isDone else { throw .failed("the change does not fit the upload") }
    }

    package func upload(_ id: UploadID) async throws(StoreError) -> Upload? {
        state.withLock { state in state.uploads[id].map(state.marked) }
    }

    package func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload] {
        state.withLock { state in
            let start = query.after.flatMap { state.order[$0] } ?? .max
            let found = state.uploads.values.filter { upload in
                upload.namespace == query.namespace && upload.state == query.state
                    && upload.owner == query.owner ?? upload.owner
                    && query.expiring.map { moment in upload.expires.map { $0 <= moment } ?? false } ?? true
                    && state.order[upload.id, default: 0] < start
            }
            let sorted = found.sorted { state.order[$0.id, default: 0] > state.order[$1.id, default: 0] }
            return sorted.prefix(query.limit).map(state.marked)
        }
    }

    package func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry] {
        state.withLock { state in
            let entries = state.entries[id, default: []].dropFirst(indices.lowerBound).prefix(indices.count)
            return entries.prefix { $0.isPresent }.map(\.entry)
        }
    }

    package func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry] {
        state.withLock { Array($0.entries[id, default: []].dropFirst(indices.lowerBound).prefix(indices.count)) }
    }

    package func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry? {
        let found = state.withLock { $0.entries[id, default: []].filter { $0.entry.digest == digest } }
        return found.first { !$0.isPresent } ?? found.first
    }

    package func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> [Digest: Timestamp] {
        state.withLock { state in
            let kept = state.chunks[namespace, default: [:]].filter { digests.contains($0) && $1.isKept }
                .mapValues(\.verified)
            guard let owner else { return kept }
            let own = state.uploads.values.filter { $0.owner == owner }.flatMap { state.entries[$0.id, default: []] }
            let present = Set(own.filter(\.isPresent).map(\.entry.digest))
            return kept.filter { present.contains($0.key) }
        }
    }

    package func usage(of owner: Principal, in namespace: Namespace) async throws(StoreError) -> Usage {
        state.withLock { state in
            let own = state.uploads.values.filter {
                $0.owner == owner && $0.namespace == namespace && ($0.state == .open || $0.state == .complete)
            }
            return Usage(
                length: own.reduce(0) { $0 + $1.countedLength }, uploads: own.count { $0.state == .open })
        }
    }

    package func file(
        _ contentID: Digest, in namespace: Namespace, of owner: Principal
    ) async throws(StoreError) -> Upload? {
        state.withLock { state in
            let found = state.uploads.values.filter {
                $0.contentID == contentID && $0.namespace == namespace && $0.owner == owner && $0.expires == nil
            }
            return found.max { state.order[$0.id, default: 0] < state.order[$1.id, default: 0] }.map(state.marked)
        }
    }

    package func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        state.withLock { $0.names[key] }
    }

    package func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage {
        state.withLock { state in
            let all = state.chunks[namespace, default: [:]]
            let next = all.keys.filter { key in digest.map { $0 < key } ?? true }.sorted().prefix(limit)
            let free = next.filter { all[$0]?.isCondemned == false && !state.isReferred($0, in: namespace) }
            return ChunkPage(
                chunks: free.compactMap { all[$0]?.stored }, last: next.count < limit ? nil : next.last)
        }
    }

    package func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        state.withLock { state in
            let condemned = state.chunks[namespace, default: [:]].filter { digest, chunk in
                chunk.isCondemned && digests?.contains(digest) ?? true
            }
            return Array(condemned.values.map(\.stored).prefix(limit))
        }
    }

    package func recorded(
        of digests: Set<Digest>, in namespace: Namespace
    ) async throws(StoreError) -> Set<Digest> {
        state.withLock { state in digests.filter { state.chunks[namespace]?[$0] != nil } }
    }

    package func unshed(limit: Int) async throws(StoreError) -> [UploadID] {
        state.withLock { state in
            Array(state.unshed.keys.sorted { state.order[$0, default: 0] < state.order[$1, default: 0] }.prefix(limit))
        }
    }

    package func keptChunks(
        in namespace: Namespace, after digest: Digest?, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        state.withLock { state in
            let kept = state.chunks[namespace, default: [:]].filter { key, chunk in
                chunk.isKept && digest.map { $0 < key } ?? true
            }
            return kept.sorted { $0.key < $1.key }.prefix(limit).map(\.value.stored)
        }
    }

    package func unverified(
        in namespace: Namespace, outside trusted: ClosedRange<Timestamp>, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        state.withLock { state in
            let due = state.chunks[namespace, default: [:]].values.filter {
                $0.isKept && !trusted.contains($0.verified)
            }
            return due.sorted { $0.verified < $1.verified }.prefix(limit).map(\.stored)
        }
    }

    package func uploads(
        referringTo digest: Digest, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [Upload] {
        state.withLock { state in
            let found = state.uploads.values.filter { upload in
                upload.namespace == namespace
                    && state.entries[upload.id, default: []].contains { $0.isPresent && $0.entry.digest == digest }
            }
            let sorted = found.sorted { state.order[$0.id, default: 0] < state.order[$1.id, default: 0] }
            return sorted.prefix(limit).map(state.marked)
        }
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
            return put(upload, entries.prefix(upload.run.count))
        case .name(let key, let generations): names[key] = generations
        case .declare(let id, let index, let entries, let kept, let naming):
            guard let namespace = uploads[id]?.namespace else { return false }
            // What the upload has elsewhere may have come after the client's question was answered.
            let own = self.entries[id, default: []].filter(\.isPresent).map(\.entry.digest)
            let live = kept.union(own).compactMap { chunks[namespace]?[$0] }.filter(\.isKept)
            return edit(id) { $0.declare(from: index, entries, kept: Set(live.map(\.stored.entry)), naming) }
        case .place(let id, let stored, let placing):
            guard let namespace = uploads[id]?.namespace else { return false }
            keep(stored, in: namespace)
            return edit(id) { $0.place(Set(stored.map(\.entry)), placing) }
        case .lose(let id, let indices): return edit(id) { $0.lose(indices) }
        case .join(let upload, let origins):
            let joined = origins.flatMap { entries[$0, default: []] }
            guard upload.run.count == joined.count else { return false }
            return put(upload, joined[...])
        case .verify(let digests, let namespace, let moment):
            edit(digests, in: namespace) { $0.verified = moment }
        case .damage(let digests, let namespace, let moment):
            edit(digests, in: namespace) { chunk in
                chunk.isDamaged = true
                chunk.verified = moment
            }
        case .end, .shed, .condemn, .drop, .forget: return reclaim(change)
        }
        return true
    }

    private mutating func keep(_ stored: [StoredChunk], in namespace: Namespace) {
        for chunk in stored {
            chunks[namespace, default: [:]][chunk.entry.digest] = .init(stored: chunk, verified: now())
        }
    }

    private mutating func edit(
        _ digests: [Digest], in namespace: Namespace, _ work: (inout MemoryLedger.Chunk) -> Void
    ) {
        for digest in digests where chunks[namespace]?[digest]?.isKept == true {
            chunks[namespace]?[digest].map { chunk in
                var chunk = chunk
                work(&chunk)
                chunks[namespace]?[digest] = chunk
            }
        }
    }

    /// The upload as it is told of: with what follows from the chunks it refers to.
    fileprivate func marked(_ upload: Upload) -> Upload {
        var marked = upload
        marked.isDamaged =
            upload.state == .complete
            && entries[upload.id, default: []].contains {
                chunks[upload.namespace]?[$0.entry.digest]?.isDamaged == true
            }
        return marked
    }

    private mutating func write(_ upload: Upload, _ entries: [StoredChunk]) -> Bool {
        let kept = upload.run.count - entries.count
        guard kept >= 0, kept <= self.entries[upload.id, default: []].count, !upload.isNamedAhead else { return false }
        keep(entries, in: upload.namespace)
        let new = entries.map { KnownEntry($0.entry, isPresent: true) }
        return put(upload, self.entries[upload.id, default: []].prefix(kept) + new)
    }

    private mutating func put(_ upload: Upload, _ entries: ArraySlice<KnownEntry>) -> Bool {
        guard unshed[upload.id] == nil else { return false }
        if uploads[upload.id] == nil {
            order[upload.id] = count
            count += 1
        }
        uploads[upload.id] = upload
        self.entries[upload.id] = Array(entries)
        return true
    }

    /// Changes an open upload and its entries together, or not at all.
    private mutating func edit(_ id: UploadID, _ work: (inout NamedEntries) -> Bool) -> Bool {
        guard let upload = uploads[id], upload.state == .open else { return false }
        var named = NamedEntries(upload: upload, entries: entries[id, default: []])
        guard work(&named) else { return false }
        uploads[id] = named.upload
        entries[id] = named.entries
        return true
    }
}

extension MemoryLedger.State {
    /// What the collector asks for.
    fileprivate mutating func reclaim(_ change: LedgerChange) -> Bool {
        switch change {
        case .end(let upload): return end(upload)
        case .shed(let id, let limit):
            guard let rest = unshed[id]?.dropFirst(limit) else { return false }
            unshed[id] = rest.isEmpty ? nil : Array(rest)
        case .condemn(let digests, let namespace):
            for digest in digests where !isReferred(digest, in: namespace) {
                chunks[namespace]?[digest]?.isCondemned = true
                chunks[namespace]?[digest]?.isDamaged = false
            }
        case .drop(let digests, let namespace):
            for digest in digests {
                guard chunks[namespace]?.removeValue(forKey: digest)?.isCondemned == true else { return false }
            }
        case .forget(let ids):
            for id in ids { forget(id) }
        default: return false
        }
        return true
    }

    private mutating func end(_ upload: Upload) -> Bool {
        guard let before = uploads[upload.id], before.state == .open || before.state == .complete,
            upload.state == .cancelled || upload.state == .expired
        else { return false }
        uploads[upload.id] = upload
        let entries = entries.removeValue(forKey: upload.id) ?? []
        if !entries.isEmpty { unshed[upload.id] = entries }
        return true
    }

    /// One that has not ended, or whose entries are not shed, stays.
    private mutating func forget(_ id: UploadID) {
        guard let upload = uploads[id], upload.state == .cancelled || upload.state == .expired, unshed[id] == nil else {
            return
        }
        uploads[id] = nil
        order[id] = nil
        for (key, generations) in names {
            let left = [generations.current, generations.challenger].compactMap(\.self).filter { $0 != id }
            names[key] = left.first.map { Generations(current: $0, challenger: left.dropFirst().first) }
        }
    }

    fileprivate func isReferred(_ digest: Digest, in namespace: Namespace) -> Bool {
        let all = entries.merging(unshed) { one, other in one + other }
        return all.contains { id, entries in
            uploads[id]?.namespace == namespace
                && entries.contains { $0.isPresent && $0.entry.digest == digest }
        }
    }
}
