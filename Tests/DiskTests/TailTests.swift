import CairnContent
import CairnDisk
import CairnEngine
import NIOCore
import Testing

@Suite struct `A tail on disk` {
    private let fileSystem = SimulatedFileSystem()

    @Test func `is made durable before its name, and its name before it is spoken of`() async throws {
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 1000))
            let calls = CallLog(fileSystem)
            let name = try await draft.persist(for: UploadID())
            #expect(calls.effects == [.syncData, .link, .syncDirectory])
            try await draft.append(noise(2, 10))
            #expect(try await draft.persist(for: name.upload) == name)
            #expect(calls.effects == [.syncData, .link, .syncDirectory, .write, .syncData])
        }
    }

    @Test func `becomes its chunk in the same file, so that its bytes are written once`() async throws {
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 1000))
            let name = try await draft.persist(for: UploadID())
            let calls = CallLog(fileSystem)
            try await store.keep(draft, as: noise(1, 1000))
            #expect(calls.effects == [.write, .syncData, .link, .syncDirectory], "a footer is all that is written")
            #expect(try file(name).linkCount() == 2)
            #expect(try file(name).bytes == fileSystem.chunkFile(of: noise(1, 1000)).bytes)
            await store.drop(name)
            #expect(try fileSystem.chunkFile(of: noise(1, 1000)).linkCount() == 1)
            #expect(try await store.chunk(noise(1, 1000)) == noise(1, 1000))
        }
    }

    @Test func `goes on in its own file, cut where it ended`() async throws {
        let tail = try await grownTail()
        try await withStore(on: fileSystem) { store in
            #expect(try file(tail.name).length() == 1500)
            let draft = try await store.draft(continuing: tail)
            #expect(try file(tail.name).bytes == noise(1, 1000))
            try await draft.append(noise(3, 100))
            #expect(try await draft.persist(for: tail.name.upload) == tail.name)
            #expect(try file(tail.name).bytes == noise(1, 1000) + noise(3, 100))
        }
    }

    @Test func `whose file is a chunk too is copied, and the chunk's file is never touched`() async throws {
        let chunk = noise(1, 1000) + noise(2, 500)
        let tail = try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 1000))
            let name = try await draft.persist(for: UploadID())
            try await draft.append(noise(2, 500))
            try await store.keep(draft, as: chunk)
            return Tail(noise(1, 1000), name)
        }
        // The process ended before the ledger heard of the chunk.
        try await withStore(on: fileSystem) { store in
            let before = try fileSystem.chunkFile(of: chunk).bytes
            let draft = try await store.draft(continuing: tail)
            try await draft.append(noise(3, 700))
            let name = try await draft.persist(for: tail.name.upload)
            #expect(name != tail.name)
            try await store.keep(draft, as: noise(1, 1000) + noise(3, 700))
            #expect(try fileSystem.chunkFile(of: chunk).bytes == before)
            #expect(try await store.chunk(noise(1, 1000) + noise(3, 700)) == noise(1, 1000) + noise(3, 700))
            await store.drop(tail.name)
            #expect(try await store.chunk(chunk) == chunk)
        }
    }

    @Test func `that another draft still writes is copied, until that draft is gone`() async throws {
        let tail = try await grownTail()
        try await withStore(on: fileSystem) { store in
            var older: (any ChunkDraft)? = try await store.draft(continuing: tail)
            try await older?.append(noise(3, 100))
            var newer: (any ChunkDraft)? = try await store.draft(continuing: tail)
            #expect(try file(tail.name).bytes == noise(1, 1000) + noise(3, 100), "nobody has cut it")
            #expect(try await newer?.persist(for: tail.name.upload) != tail.name)
            (older, newer) = (nil, nil)
            let last = try await store.draft(continuing: tail)
            #expect(try await last.persist(for: tail.name.upload) == tail.name)
        }
    }

    @Test func `that was encoded for its chunk stays as it was`() async throws {
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(lines(1000))
            let tail = Tail(lines(1000), try await draft.persist(for: UploadID()))
            try await store.keep(draft, as: lines(1000))
            #expect(try file(tail.name).linkCount() == 1)
            #expect(try file(tail.name).bytes == lines(1000))
        }
    }

    @Test func `cannot be gone on from when bytes are lacking`() async throws {
        let tail = try await grownTail()
        try file(tail.name).truncate(to: 999)
        try await withStore(on: fileSystem) { store async throws in
            #expect(try await store.bytes(of: tail) == nil)
            await #expect(throws: StoreError.self) { try await store.draft(continuing: tail) }
        }
    }

    @Test func `that the disk cannot read counts as absent, so that its upload can go on`() async throws {
        let tail = try await grownTail()
        try await withStore(on: fileSystem) { store async throws in
            fileSystem.obey { $0.operation == .read ? .fail(.io(number: 5, call: "read")) : .perform }
            #expect(try await store.bytes(of: tail) == nil)
        }
    }

    @Test func `that the disk fails to read once is read again, for its bytes were acknowledged`() async throws {
        let tail = try await grownTail()
        try await withStore(on: fileSystem) { store async throws in
            let once = Once()
            fileSystem.obey { call in
                call.operation == .read && once.pass() ? .fail(.io(number: 5, call: "read")) : .perform
            }
            #expect(try await store.bytes(of: tail) == noise(1, 1000))
        }
    }

    /// A tail of 1000 bytes in a file of 1500, left by a store that is closed.
    private func grownTail() async throws -> Tail {
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 1000))
            let name = try await draft.persist(for: UploadID())
            try await draft.append(noise(2, 500))
            return Tail(noise(1, 1000), name)
        }
    }

    private func file(_ name: TailName) throws -> any OpenFile {
        let names = try fileSystem.root("/data").directory("tails").names()
        let fileName = try #require(names.first { $0 == "\(name.upload)-\(String(name.generation, radix: 16))" })
        return try fileSystem.root("/data").directory("tails").file(fileName, for: .writing)
    }
}
