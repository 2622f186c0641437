import CairnContent
import CairnDisk
import CairnEngine
import Testing

@Suite struct `When a sync of data fails` {
    private let fileSystem = SimulatedFileSystem()

    /// The next sync of data fails; those after it succeed and lie about what the failed one lost.
    private func failNextSync(with error: FileSystemError = .io(number: 5, call: "fdatasync")) {
        let once = Once()
        fileSystem.obey { call in call.operation == .syncData && once.pass() ? .fail(error) : .perform }
    }

    @Test func `its chunk fails, alone, and is not there`() async throws {
        try await withStore(on: fileSystem) { store in
            let drafts = (try await store.draft(noise(1, 100)), try await store.draft(noise(2, 100)))
            failNextSync()
            let verdicts = await store.commit(
                [
                    VerifiedChunk(entry: Entry(of: noise(1, 100)), draft: drafts.0),
                    VerifiedChunk(entry: Entry(of: noise(2, 100)), draft: drafts.1),
                ], anew: false)
            #expect(throws: StoreError.self) { try verdicts[0].get() }
            #expect(throws: Never.self) { try verdicts[1].get() }
            #expect(try await store.chunk(noise(1, 100)) == nil)
            #expect(try await store.chunk(noise(2, 100)) == noise(2, 100))
            #expect(!store.isReadOnly)
        }
    }

    @Test func `the draft is not tried again, although the system would now say yes`() async throws {
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 100))
            failNextSync()
            await #expect(throws: StoreError.self) { try await store.keep(draft, as: noise(1, 100)) }
            let calls = CallLog(fileSystem)
            await #expect(throws: StoreError.self) { try await store.keep(draft, as: noise(1, 100)) }
            await #expect(throws: StoreError.self) { try await draft.persist(for: UploadID()) }
            #expect(calls.effects == [])
        }
    }

    @Test func `the same bytes in a new draft are kept`() async throws {
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 100))
            failNextSync()
            await #expect(throws: StoreError.self) { try await store.keep(draft, as: noise(1, 100)) }
            try await store.keep(noise(1, 100))
        }
        var generator = SystemRandomNumberGenerator()
        try await withStore(on: fileSystem.crash(using: &generator)) { store async throws in
            #expect(try await store.chunk(noise(1, 100)) == noise(1, 100))
        }
    }

    @Test func `a tail keeps what was durable before, and goes on in another file`() async throws {
        let tail = try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 1000))
            let tail = Tail(noise(1, 1000), try await draft.persist(for: UploadID()))
            try await draft.append(noise(2, 500))
            failNextSync()
            await #expect(throws: StoreError.self) { try await draft.persist(for: tail.name.upload) }
            #expect(try await store.bytes(of: tail) == noise(1, 1000))
            return tail
        }
        var generator = SystemRandomNumberGenerator()
        try await withStore(on: fileSystem.crash(using: &generator)) { store async throws in
            #expect(try await store.bytes(of: tail) == noise(1, 1000))
        }
    }

    @Test func `the tail's file is left alone until it is dropped`() async throws {
        try await withStore(on: fileSystem) { store in
            var draft: (any ChunkDraft)? = try await store.draft(noise(1, 1000))
            let name = try #require(try await draft?.persist(for: UploadID()))
            try await draft?.append(noise(2, 500))
            failNextSync()
            await #expect(throws: StoreError.self) { try await draft?.persist(for: name.upload) }
            draft = nil
            let next = try await store.draft(continuing: Tail(noise(1, 1000), name))
            try await next.append(noise(3, 500))
            let newName = try await next.persist(for: name.upload)
            #expect(newName != name)
            await store.drop(name)
            #expect(try await store.bytes(of: Tail(noise(1, 1000) + noise(3, 500), newName)) != nil)
        }
    }

    @Test(arguments: [FileSystemError.noSpace, .io(number: 5, call: "fdatasync")])
    func `the verdict tells lack of room from failure`(error: FileSystemError) async throws {
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 100))
            failNextSync(with: error)
            do {
                try await store.keep(draft, as: noise(1, 100))
                Issue.record("kept")
            } catch StoreError.noSpace {
                #expect(error == .noSpace)
            } catch StoreError.failed {
                #expect(error != .noSpace)
            }
        }
    }
}

@Suite struct `When a write fails` {
    @Test(arguments: [FileSystemError.noSpace, .io(number: 5, call: "pwrite")])
    func `its draft takes no more bytes and keeps none, and another does`(error: FileSystemError) async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 100))
            let once = Once()
            fileSystem.obey { $0.operation == .write && once.pass() ? .fail(error) : .perform }
            await #expect(throws: StoreError.self) { try await draft.append(noise(2, 100)) }
            await #expect(throws: StoreError.self) { try await draft.append(noise(2, 100)) }
            await #expect(throws: StoreError.self) { try await draft.persist(for: UploadID()) }
            await #expect(throws: StoreError.self) { try await store.keep(draft, as: noise(1, 100)) }
            try await store.keep(noise(1, 100) + noise(2, 100))
            #expect(!store.isReadOnly)
        }
    }

    @Test func `a tail keeps what was durable before`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 1000))
            let tail = Tail(noise(1, 1000), try await draft.persist(for: UploadID()))
            fileSystem.obey { $0.operation == .write ? .fail(.noSpace) : .perform }
            await #expect(throws: StoreError.noSpace) { try await draft.append(noise(2, 500)) }
            fileSystem.obey { _ in .perform }
            #expect(try await store.bytes(of: tail) == noise(1, 1000))
            let next = try await store.draft(continuing: tail)
            try await store.keep(next, as: noise(1, 1000))
        }
    }
}

@Suite struct `When a sync of a directory fails` {
    private let fileSystem = SimulatedFileSystem()

    private func failSyncs(of folder: String) {
        fileSystem.obey { call in
            call.operation == .syncDirectory && call.subject.contains(folder)
                ? .fail(.io(number: 5, call: "fsync")) : .perform
        }
    }

    @Test(arguments: ["chunks/", "tails", "manifests/", "trash"])
    func `nothing is promised any more, and reads go on`(folder: String) async throws {
        try await withStore(on: fileSystem) { store in
            try await store.keep(noise(1, 100))
            let tail = Tail(noise(2, 100), try await store.draft(noise(2, 100)).persist(for: UploadID()))
            let known = try record(named: "a file")
            try await store.publish(known)
            let open = try await store.draft(noise(3, 100))

            failSyncs(of: folder)
            await #expect(throws: StoreError.readOnly) {
                switch folder {
                case "chunks/": try await store.keep(noise(4, 100))
                case "tails": _ = try await store.draft(noise(4, 100)).persist(for: UploadID())
                case "manifests/": try await store.publish(try record(named: "another"))
                default: try await store.withdraw(known.id, at: Timestamp(seconds: 0))
                }
            }
            #expect(store.isReadOnly)
            fileSystem.obey { _ in .perform }

            await expectRefusals(by: store, open, tail)
            #expect(try await store.chunk(noise(1, 100)) == noise(1, 100))
            #expect(try await store.bytes(of: tail) == noise(2, 100))
            #expect(try await store.missing(from: [Entry(of: noise(1, 100)).digest]) == [])
        }
        try await withStore(on: fileSystem) { store in
            #expect(!store.isReadOnly, "until the next start")
            try await store.keep(noise(4, 100))
        }
    }

    @Test func `no chunk of the same cycle counts`() async throws {
        try await withStore(on: fileSystem) { store in
            var chunks: [VerifiedChunk] = []
            for number in 0..<5 as Range<UInt64> {
                let bytes = noise(number, 100)
                chunks.append(VerifiedChunk(entry: Entry(of: bytes), draft: try await store.draft(bytes)))
            }
            failSyncs(of: "chunks/" + chunks[3].entry.digest.description.prefix(3))
            for verdict in await store.commit(chunks, anew: false) {
                #expect(throws: StoreError.readOnly) { try verdict.get() }
            }
        }
    }

    @Test func `those who wait for the next cycle are refused, and nothing of theirs gets a name`() async throws {
        try await withStore(on: fileSystem) { store in
            var drafts: [(any ChunkDraft, [UInt8])] = []
            for number in 0..<200 as Range<UInt64> {
                drafts.append((try await store.draft(noise(number, 100)), noise(number, 100)))
            }
            let calls = CallLog(fileSystem) { $0.operation == .syncDirectory ? .fail(.noSpace) : .perform }
            await withTaskGroup { group in
                for (draft, bytes) in drafts {
                    group.addTask {
                        await #expect(throws: StoreError.readOnly) { try await store.keep(draft, as: bytes) }
                    }
                }
            }
            let failure = try #require(calls.effects.firstIndex(of: .syncDirectory))
            #expect(!calls.effects[failure...].contains(.link))
        }
    }

    /// Everything that writes is refused, and writes nothing.
    private func expectRefusals(by store: DiskStore, _ open: any ChunkDraft, _ tail: Tail) async {
        let calls = CallLog(fileSystem)
        await #expect(throws: StoreError.readOnly) { try await store.keep(open, as: noise(3, 100)) }
        await #expect(throws: StoreError.readOnly) { try await open.append(noise(3, 100)) }
        await #expect(throws: StoreError.readOnly) { try await open.persist(for: UploadID()) }
        await #expect(throws: StoreError.readOnly) { try await store.draft(noise(5, 100)) }
        await #expect(throws: StoreError.readOnly) { try await store.draft(continuing: tail) }
        await #expect(throws: StoreError.readOnly) { try await store.publish(try record(named: "a third")) }
        await #expect(throws: StoreError.readOnly) { try await store.withdraw(UploadID(), at: Timestamp(seconds: 0)) }
        await store.drop(tail.name)
        #expect(calls.effects == [])
    }
}

@Suite struct `When there is no room` {
    private let fileSystem = SimulatedFileSystem()

    @Test func `bytes are refused before they are written, and a reserve is left`() async throws {
        try await withStore(on: fileSystem) { store in
            let draft = try await store.draft(noise(1, 100))
            fileSystem.space = Space(available: 64 << 20, total: 1 << 40)
            let calls = CallLog(fileSystem)
            await #expect(throws: StoreError.noSpace) { try await draft.append(noise(2, 100)) }
            await #expect(throws: StoreError.noSpace) { try await store.publish(try record(named: "a file")) }
            #expect(calls.effects == [])
            #expect(!store.isReadOnly)

            fileSystem.space.available += 100
            try await draft.append(noise(2, 100))
            try await store.keep(draft, as: noise(1, 100) + noise(2, 100))
        }
    }

    @Test func `on a small disk the reserve is a sixteenth of it`() async throws {
        try await withStore(on: fileSystem) { store in
            fileSystem.space = Space(available: 4 << 20, total: 64 << 20)
            await #expect(throws: StoreError.noSpace) { try await store.keep(noise(1, 100)) }
            fileSystem.space.available += 100
            try await store.keep(noise(1, 100))
        }
    }

    @Test func `what is there can still be dropped and withdrawn`() async throws {
        try await withStore(on: fileSystem) { store in
            let tail = Tail(noise(1, 100), try await store.draft(noise(1, 100)).persist(for: UploadID()))
            let known = try record(named: "a file")
            try await store.publish(known)
            fileSystem.space.available = 0
            await store.drop(tail.name)
            try await store.withdraw(known.id, at: Timestamp(seconds: 0))
            #expect(try await store.bytes(of: tail) == nil)
            #expect(try await store.record(of: known.id) == nil)
        }
    }
}
