public import CairnContent
import Synchronization

/// A ledger that lives in memory: the executable model of what every ledger promises, and the ledger of tests.
public final class MemoryLedger: Ledger {
    fileprivate struct State {
        var uploads: [UploadID: Upload] = [:]
        var order: [UploadID: Int] = [:]
        var entries: [UploadID: [Entry]] = [:]
        var names: [UploadKey: Generations] = [:]
    }

    private let state: Mutex<State>

    public init() { state = Mutex(State()) }

    private init(_ state: State) { self.state = Mutex(state) }

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
        state.withLock { Array($0.entries[id, default: []].dropFirst(indices.lowerBound).prefix(indices.count)) }
    }

    public func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        state.withLock { $0.names[key] }
    }
}

extension MemoryLedger.State {
    /// False when the change speaks of entries that are not there.
    fileprivate mutating func apply(_ change: LedgerChange) -> Bool {
        switch change {
        case .write(let upload, let entries):
            let kept = upload.run.count - entries.count
            guard kept >= 0, kept <= self.entries[upload.id, default: []].count else { return false }
            put(upload, self.entries[upload.id, default: []].prefix(kept) + entries.map(\.entry))
        case .branch(let upload, let origin):
            let entries = self.entries[origin, default: []]
            guard upload.run.count <= entries.count else { return false }
            put(upload, entries.prefix(upload.run.count))
        case .name(let key, let generations):
            names[key] = generations
        case .join(let upload, let origins):
            let joined = origins.flatMap { entries[$0, default: []] }
            guard upload.run.count == joined.count else { return false }
            put(upload, joined[...])
        }
        return true
    }

    private mutating func put(_ upload: Upload, _ entries: ArraySlice<Entry>) {
        if uploads[upload.id] == nil { order[upload.id] = order.count }
        uploads[upload.id] = upload
        self.entries[upload.id] = Array(entries)
    }
}
