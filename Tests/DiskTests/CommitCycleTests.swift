import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import NIOCore
import Testing

@Suite struct `A commit cycle` {
    @Test func `syncs the data, then gives the name, then syncs the directory`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 1000))
            let calls = CallLog(fileSystem)
            try await store.keep(draft, as: noise(1, 1000))
            #expect(calls.effects == [.write, .syncData, .link, .syncDirectory])
        }
    }

    @Test func `syncs all data before it gives the first name, and each directory once`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            var chunks: [VerifiedChunk] = []
            for number in 0..<10 as Range<UInt64> {
                let bytes = noise(number, 100)
                chunks.append(VerifiedChunk(entry: Entry(of: bytes), draft: try await store.draft(bytes)))
            }
            let folders = Set(chunks.map { $0.entry.digest.description.prefix(3) })
            let calls = CallLog(fileSystem)
            for verdict in await store.commit(chunks, anew: false) { _ = try verdict.get() }
            let wanted: [SimulatedCall.Operation] =
                Array(repeating: .write, count: 10) + Array(repeating: .syncData, count: 10)
                + Array(repeating: .link, count: 10) + Array(repeating: .syncDirectory, count: folders.count)
            #expect(calls.effects == wanted)
        }
    }

    @Test func `lets go of its files when it has answered`() async throws {
        try await withStore(on: SimulatedFileSystem()) { store async throws in
            let draft = try await keptDraft(in: store)
            // A thread of the store may be about to let go of it.
            for _ in 0..<500 where draft.isHeld { try await Task.sleep(for: .milliseconds(10)) }
            #expect(!draft.isHeld, "an open file for each chunk")
        }
    }

    /// A draft of a chunk that is kept, held by none of ours.
    private func keptDraft(in store: DiskStore) async throws -> WeakDraft {
        let draft = try await store.draft(noise(1, 1000))
        try await store.keep(draft, as: noise(1, 1000))
        return WeakDraft(draft: draft)
    }

    private struct WeakDraft {
        weak var draft: (any ChunkDraft)?
        var isHeld: Bool { draft != nil }
    }

    @Test func `keeps a good copy, writes nothing of ours, and makes the name durable`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            try await store.keep(noise(1, 1000))
            let standing = try fileSystem.chunkFile(of: noise(1, 1000)).bytes
            let draft = try await store.draft(noise(1, 1000))
            let calls = CallLog(fileSystem)
            let stored = try await store.keep(draft, as: noise(1, 1000))
            #expect(calls.effects == [.syncDirectory])
            #expect(stored.entry == Entry(of: noise(1, 1000)))
            #expect(try fileSystem.chunkFile(of: noise(1, 1000)).bytes == standing)
        }
    }

    @Test func `keeps the first of two equal chunks and drops the other`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            let entry = Entry(of: noise(1, 1000))
            let chunks = [
                VerifiedChunk(entry: entry, draft: try await store.draft(noise(1, 1000))),
                VerifiedChunk(entry: entry, draft: try await store.draft(noise(1, 1000))),
            ]
            let calls = CallLog(fileSystem)
            for verdict in await store.commit(chunks, anew: false) { #expect(try verdict.get().entry == entry) }
            #expect(!calls.effects.contains(.rename))
            #expect(try fileSystem.chunkFile(of: noise(1, 1000)).linkCount() == 1)
            #expect(try await store.chunk(noise(1, 1000)) == noise(1, 1000))
        }
    }

    @Test func `puts ours in the place of a bad copy, which is never half gone`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            try await store.keep(noise(1, 1000))
            try fileSystem.chunkFile(of: noise(1, 1000)).write([0, 0, 0].span, at: 500)
            let draft = try await store.draft(noise(1, 1000))
            let calls = CallLog(fileSystem)
            try await store.keep(draft, as: noise(1, 1000))
            #expect(calls.effects == [.write, .syncData, .link, .link, .rename, .syncDirectory])
            #expect(try await store.chunk(noise(1, 1000)) == noise(1, 1000))
            #expect(try fileSystem.root("/data").directory("tmp").names() == [])
        }
    }

    @Test func `of a chunk that is kept anew asks the same of the disk, whether one stands there or not`() async throws
    {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            let calls = CallLog(fileSystem)
            func keepAnew() async throws -> [SimulatedCall.Operation] {
                let chunk = VerifiedChunk(
                    entry: Entry(of: noise(1, 1000)), draft: try await store.draft(noise(1, 1000)))
                calls.clear()
                for verdict in await store.commit([chunk], anew: true) { _ = try verdict.get() }
                return calls.all.map(\.operation)
            }
            let absent = try await keepAnew()
            let first = try fileSystem.chunkFile(of: noise(1, 1000)).bytes
            let present = try await keepAnew()
            #expect(absent == present)
            #expect(try fileSystem.chunkFile(of: noise(1, 1000)).bytes != first, "each writing has a nonce of its own")
            #expect(try await store.chunk(noise(1, 1000)) == noise(1, 1000))
            #expect(try fileSystem.root("/data").directory("tmp").names() == [])
        }
    }

    @Test func `lets go of a copy that it has replaced, in a moment`() async throws {
        let folder = try RealFolder()
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        let bytes = noise(1, 1000)
        for _ in 0..<100 {
            let chunk = VerifiedChunk(entry: Entry(of: bytes), draft: try await data.store.draft(bytes))
            for verdict in await data.store.commit([chunk], anew: true) { _ = try verdict.get() }
        }
        // The store lets go by itself, and tells nobody.
        for _ in 0..<500 where try Self.goneFiles(of: folder).count > 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try Self.goneFiles(of: folder) == [])
        await data.close()
    }

    /// What this process holds open of a folder's files that no name leads to any more.
    private static func goneFiles(of folder: RealFolder) throws -> [String] {
        let own = "/proc/self/fd"
        return try FileManager.default.contentsOfDirectory(atPath: own).compactMap { number in
            // One that was closed meanwhile has no target.
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(own)/\(number)")
            return target.flatMap { $0.hasPrefix(folder.path) && $0.hasSuffix("(deleted)") ? $0 : nil }
        }
    }

    @Test func `takes those who came while another ran, all together`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            // All in one directory, so that the count of its syncs is the count of cycles.
            let records = try (0..<200).map { number in
                let id = try #require(UploadID(String(repeating: "0", count: 29) + String(number + 256, radix: 16)))
                return try record(id, named: "file \(number)")
            }
            let calls = CallLog(fileSystem)
            try await withThrowingTaskGroup { group in
                for record in records { group.addTask { try await store.publish(record) } }
                try await group.waitForAll()
            }
            for record in records { #expect(try await store.record(of: record.id) == record) }
            #expect(calls.effects.filter { $0 == .syncData }.count == 200)
            #expect(calls.effects.filter { $0 == .syncDirectory }.count < 200)
        }
    }

    @Test func `gives each of a mixed lot its own verdict`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            var chunks: [VerifiedChunk] = []
            for number in 0..<5 as Range<UInt64> {
                let bytes = noise(number, 100)
                chunks.append(VerifiedChunk(entry: Entry(of: bytes), draft: try await store.draft(bytes)))
            }
            fileSystem.obey { [name = chunks[2].entry.digest.description] call in
                call.operation == .link && call.subject.hasSuffix(name) ? .fail(.noSpace) : .perform
            }
            let verdicts = await store.commit(chunks, anew: false)
            for (number, verdict) in verdicts.enumerated() {
                if number == 2 {
                    #expect(throws: StoreError.noSpace) { try verdict.get() }
                } else {
                    #expect(throws: Never.self) { try verdict.get() }
                }
            }
            #expect(try await store.chunk(noise(2, 100)) == nil)
            #expect(try await store.chunk(noise(3, 100)) == noise(3, 100))
        }
    }
}

@Suite struct `The queue of a commit cycle` {
    @Test func `lets the first lead at once, alone`() {
        var queue = CycleQueue<Int>()
        #expect(queue.enter(1, count: 1, length: 10) == [1])
    }

    @Test func `gathers who comes during a cycle for the next, in their order`() {
        var queue = CycleQueue<Int>()
        #expect(queue.enter(1, count: 1, length: 10) == [1])
        for waiter in 2...5 { #expect(queue.enter(waiter, count: 1, length: 10) == nil) }
        #expect(queue.leave() == [2, 3, 4, 5])
        #expect(queue.leave() == nil)
        #expect(queue.enter(6, count: 1, length: 10) == [6])
    }

    @Test func `takes at most 64 files and 64 MiB into a cycle`() {
        var queue = CycleQueue<Int>()
        #expect(queue.enter(0, count: 1, length: 1) == [0])
        for waiter in 1...10 { #expect(queue.enter(waiter, count: 16, length: 1) == nil) }
        #expect(queue.leave() == [1, 2, 3, 4])
        #expect(queue.leave() == [5, 6, 7, 8])
        #expect(queue.leave() == [9, 10])
        #expect(queue.enter(11, count: 1, length: 40 << 20) == nil)
        #expect(queue.enter(12, count: 1, length: 24 << 20) == nil)
        #expect(queue.enter(13, count: 1, length: 1) == nil)
        #expect(queue.leave() == [11, 12])
        #expect(queue.leave() == [13])
    }

    @Test func `takes one that is too large for a cycle alone`() {
        var queue = CycleQueue<Int>()
        #expect(queue.enter(1, count: 1, length: 1) == [1])
        #expect(queue.enter(2, count: 100, length: 1 << 30) == nil)
        #expect(queue.enter(3, count: 1, length: 1) == nil)
        #expect(queue.leave() == [2])
        #expect(queue.leave() == [3])
    }
}
