import CairnContent
import CairnDisk
import CairnEngine
import NIOCore
import Randomness
import Synchronization

/// A little of everything that a store is asked, and what it answered.
enum StoreWorkload {
    static let known = noise(1, 700)
    static let damaged = noise(2, 700)

    /// What the store has said is durable.
    final class Said: Sendable {
        private struct State {
            var chunks: [[UInt8]] = []
            var tails: [TailName: [UInt8]] = [:]
            var records: [UploadID: FileRecord] = [:]
            var withdrawn: Set<UploadID> = []
            var failures: [String] = []
        }

        private let state = Mutex(State())

        var failures: [String] { state.withLock { $0.failures } }

        func note(chunk bytes: [UInt8]) { state.withLock { $0.chunks.append(bytes) } }
        func note(_ tail: Tail, _ bytes: [UInt8]) { state.withLock { $0.tails[tail.name] = bytes } }
        func note(_ record: FileRecord) { state.withLock { $0.records[record.id] = record } }
        func note(failure: String) { state.withLock { $0.failures.append(failure) } }

        /// From before the call: who asks for it to go cannot count on it any more.
        func forget(_ tail: TailName) { state.withLock { $0.tails[tail] = nil } }
        func forget(_ record: UploadID) { state.withLock { $0.records[record] = nil } }

        func note(withdrawn id: UploadID) { state.withLock { _ = $0.withdrawn.insert(id) } }

        /// What of all that is not so.
        func broken(in store: DiskStore) async -> [String] {
            let said = state.withLock { $0 }
            var broken: [String] = []
            func require(_ what: String, _ holds: () async throws -> Bool) async {
                do { if try await !holds() { broken.append(what) } } catch { broken.append("\(what): \(error)") }
            }
            for bytes in said.chunks {
                await require("a chunk of \(bytes.count) bytes") { try await store.chunk(bytes) == bytes }
            }
            for (name, bytes) in said.tails {
                let tail = Tail(bytes, name)
                await require("a tail of \(bytes.count) bytes") { try await store.bytes(of: tail) == bytes }
            }
            for (id, record) in said.records {
                await require("the record of \(id)") { try await store.record(of: id) == record }
            }
            for id in said.withdrawn {
                await require("the withdrawal of \(id)") { try await store.record(of: id) == nil }
            }
            return broken
        }
    }

    /// Asks for one thing after the other; a failure breaks off the story that it belongs to and no other.
    static func run(on store: DiskStore, _ said: Said) async {
        let stories: [(String, (DiskStore, Said) async throws -> Void)] = [
            ("chunks", commitChunks), ("damage", healDamage), ("tail", growTail), ("restart", restartTail),
            ("copy", branchTail), ("records", publishAndWithdraw),
        ]
        for (name, story) in stories {
            do { try await story(store, said) } catch { said.note(failure: "\(name): \(error)") }
        }
    }

    private static func commitChunks(_ store: DiskStore, _ said: Said) async throws {
        let all = [noise(10, 2000), lines(5000), noise(10, 2000), known, noise(11, 1)]
        var chunks: [VerifiedChunk] = []
        for bytes in all { chunks.append(VerifiedChunk(entry: Entry(of: bytes), draft: try await store.draft(bytes))) }
        for (bytes, verdict) in zip(all, await store.commit(chunks, anew: false)) {
            _ = try verdict.get()
            said.note(chunk: bytes)
        }
        let again = VerifiedChunk(entry: Entry(of: known), draft: try await store.draft(known))
        for verdict in await store.commit([again], anew: true) { _ = try verdict.get() }
    }

    private static func healDamage(_ store: DiskStore, _ said: Said) async throws {
        try await store.keep(damaged)
        said.note(chunk: damaged)
    }

    /// A tail grows, becomes a chunk, and is dropped.
    private static func growTail(_ store: DiskStore, _ said: Said) async throws {
        let bytes = noise(20, 1500)
        let draft = try await store.draft(Array(bytes[..<600]))
        let upload = UploadID()
        var name = try await draft.persist(for: upload)
        said.note(Tail(Array(bytes[..<600]), name), Array(bytes[..<600]))
        try await draft.append(Array(bytes[600..<1300]))
        name = try await draft.persist(for: upload)
        said.note(Tail(Array(bytes[..<1300]), name), Array(bytes[..<1300]))
        try await draft.append(Array(bytes[1300...]))
        try await store.keep(draft, as: bytes)
        said.note(chunk: bytes)
        said.forget(name)
        await store.drop(name)
    }

    /// A request breaks off, and another goes on where the tail ended.
    private static func restartTail(_ store: DiskStore, _ said: Said) async throws {
        let (start, lost, rest) = (noise(30, 700), noise(31, 300), noise(32, 500))
        var draft = try await store.draft(start)
        let tail = Tail(start, try await draft.persist(for: UploadID()))
        said.note(tail, start)
        try await draft.append(lost)
        draft = try await store.draft(continuing: nil)
        draft = try await store.draft(continuing: tail)
        try await draft.append(rest)
        let longer = Tail(start + rest, try await draft.persist(for: tail.name.upload))
        said.note(longer, start + rest)
        try await store.keep(draft, as: start + rest)
        said.note(chunk: start + rest)
    }

    /// The chunk is durable, the ledger never hears of it, and the tail goes on in another way.
    private static func branchTail(_ store: DiskStore, _ said: Said) async throws {
        let (start, rest, other) = (noise(40, 700), noise(41, 300), noise(42, 900))
        let draft = try await store.draft(start)
        let tail = Tail(start, try await draft.persist(for: UploadID()))
        said.note(tail, start)
        try await draft.append(rest)
        try await store.keep(draft, as: start + rest)
        said.note(chunk: start + rest)
        let branch = try await store.draft(continuing: tail)
        try await branch.append(other)
        let longer = Tail(start + other, try await branch.persist(for: tail.name.upload))
        said.note(longer, start + other)
        try await store.keep(branch, as: start + other)
        said.note(chunk: start + other)
    }

    private static func publishAndWithdraw(_ store: DiskStore, _ said: Said) async throws {
        let (first, second) = (try record(named: "first"), try record(named: "second"))
        try await store.publish(first)
        said.note(first)
        try await store.publish(second)
        said.note(second)
        said.forget(first.id)
        try await store.withdraw(first.id, at: Timestamp(seconds: 0))
        said.note(withdrawn: first.id)
    }
}

extension StoreWorkload {
    /// How many calls with an effect the workload makes, once the store is open.
    static func effectCount(on base: SimulatedFileSystem) async throws -> Int {
        let fileSystem = base.afterKill()
        return try await withStore(on: fileSystem) { store in
            let before = fileSystem.effectCount
            await run(on: store, Said())
            return fileSystem.effectCount - before
        }
    }

    /// Runs the workload until power is cut at its call of this number; returns what does not hold afterwards.
    static func cut(
        _ base: SimulatedFileSystem, at boundary: Int, outcomes: Int, pretending lie: SimulatedCall.Operation? = nil,
        using generator: inout SeededGenerator
    ) async throws -> [String] {
        let (fileSystem, said) = (base.afterKill(), Said())
        try await withStore(on: fileSystem) { store in
            let last = fileSystem.effectCount + boundary
            fileSystem.obey { call in
                if call.effect >= last && call.operation.hasEffect { return .stop }
                return call.operation == lie ? .pretend : .perform
            }
            await run(on: store, said)
        }
        var broken: [String] = []
        for _ in 0..<outcomes {
            broken += try await withStore(on: fileSystem.crash(using: &generator)) { store in
                var broken = await said.broken(in: store)
                // One that cannot be read is as lost as one that is not there.
                if (try? await store.chunk(known)) != known { broken.append("a chunk from before") }
                let again = Said()
                await run(on: store, again)
                broken += again.failures.map { "afterwards, \($0)" } + (await again.broken(in: store))
                return broken
            }
        }
        return broken
    }
}
