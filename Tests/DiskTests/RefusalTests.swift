import CairnContent
import CairnDisk
import CairnEngine
import GRDB
import LedgerConformance
import Testing

@Suite struct `A store whose disk does not answer` {
    private let fileSystem = SimulatedFileSystem()
    private static let error = FileSystemError.io(number: 5, call: "")

    @Test func `lists no records rather than some`() async throws {
        try await withStore(on: fileSystem) { store in
            try await store.publish(record(named: "a file"))
            #expect(try await store.recorded().count == 1)
            fileSystem.obey { $0.operation == .list ? .fail(Self.error) : .perform }
            await #expect(throws: StoreError.self) { try await store.recorded() }
        }
    }

    @Test func `does not take a record that cannot be read for an absent one`() async throws {
        try await withStore(on: fileSystem) { store in
            let record = try record(named: "a file")
            try await store.publish(record)
            fileSystem.obey { $0.operation == .read ? .fail(Self.error) : .perform }
            await #expect(throws: StoreError.self) { try await store.record(of: record.id) }
            #expect(try await store.record(of: UploadID()) == nil)
        }
    }

    @Test func `says that nothing was set aside`() async throws {
        try await withStore(on: fileSystem) { store in
            try await store.keep(noise(1, 1000))
            let digest = Entry(of: noise(1, 1000)).digest
            fileSystem.obey { $0.operation == .rename ? .fail(Self.error) : .perform }
            await #expect(throws: StoreError.self) { try await store.quarantine(digest, at: Timestamp(seconds: 1)) }
            fileSystem.obey { _ in .perform }
            #expect(try await store.chunk(noise(1, 1000)) == noise(1, 1000))
            try await store.quarantine(Entry(of: noise(2, 10)).digest, at: Timestamp(seconds: 1))
        }
    }

    @Test func `is not made, and is made afterwards`() async throws {
        for operation in [SimulatedCall.Operation.makeFile, .write, .syncData, .link, .makeDirectory, .lock] {
            let fileSystem = SimulatedFileSystem()
            fileSystem.obey { $0.operation == operation ? .fail(Self.error) : .perform }
            await #expect(throws: DiskError.self, "\(operation)") { try await DataDirectory.open(fileSystem) }
            fileSystem.obey { _ in .perform }
            await (try DataDirectory.open(fileSystem)).close()
        }
    }

    @Test func `is not opened when it cannot be listed`() async throws {
        await (try DataDirectory.open(fileSystem)).close()
        fileSystem.obey { $0.operation == .list ? .fail(Self.error) : .perform }
        await #expect(throws: DiskError.self) { try await DataDirectory.open(fileSystem) }
    }

    @Test func `has no ledger when that cannot be noted`() async throws {
        let folder = try RealFolder()
        let data = try await DataDirectory.open(folder.path, on: fileSystem, logger: silent)
        fileSystem.obey { $0.operation == .makeFile ? .fail(Self.error) : .perform }
        let error = await #expect(throws: LedgerError.self) { try await data.openLedger(logger: silent) }
        guard case .inaccessible? = error?.reason else { return #expect(Bool(false), "\(error as Any)") }
        fileSystem.obey { _ in .perform }
        await (try data.openLedger(logger: silent)).close()
        await data.close()
    }

    @Test func `takes no draft of another store`() async throws {
        try await withStore(on: fileSystem) { store in
            let draft = try await MemoryStore().draft(noise(1, 100))
            await #expect(throws: StoreError.failed("a draft of another store")) {
                try await store.keep(draft, as: noise(1, 100))
            }
            #expect(try await store.chunk(noise(1, 100)) == nil)
        }
    }
}

@Suite struct `A ledger that is told nonsense` {
    @Test func `refuses a tail of another upload, and keeps what it knew`() async throws {
        try await LedgerFolder().withLedger { ledger in
            var upload = try await ledger.begin(0..<3)
            upload.tail = Tail(noise(1, 10), TailName(upload: UploadID(), generation: 1))
            await #expect(throws: StoreError.failed("ledger: a tail of another upload")) {
                try await ledger.commit([.write(upload, entries: [])])
            }
            #expect(try await ledger.upload(upload.id)?.tail == nil)
        }
    }

    @Test func `refuses the loss of an entry that it does not know`() async throws {
        try await LedgerFolder().withLedger { ledger in
            let upload = try await ledger.begin(0..<3)
            await #expect(throws: StoreError.failed("ledger: no entry stands at index 7")) {
                try await ledger.commit([.lose(upload.id, [7])])
            }
            #expect(try await ledger.upload(upload.id) == upload)
        }
    }

    @Test func `refuses an upload with entries named ahead, which it writes another way`() async throws {
        try await LedgerFolder().withLedger { ledger async throws in
            var upload = LedgerSamples.upload(0..<3)
            upload.namedCount = 4
            await #expect(throws: StoreError.failed("ledger: named entries are not written like this")) {
                try await ledger.commit([.write(upload, entries: (0..<3).map(LedgerSamples.chunk))])
            }
            #expect(try await ledger.upload(upload.id) == nil)
        }
    }

    @Test func `refuses a chunk of a known digest that has another length`() async throws {
        try await LedgerFolder().withLedger { ledger async throws in
            try await ledger.begin(0..<3)
            let known = LedgerSamples.chunk(1)
            let other = StoredChunk(
                entry: Entry(digest: known.entry.digest, length: known.entry.length + 1), storedLength: 1, codec: .raw)
            var upload = LedgerSamples.upload()
            upload.run.append(other.entry)
            await #expect(throws: StoreError.failed("ledger: chunk \(known.entry.digest) has another length")) {
                try await ledger.commit([.write(upload, entries: [other])])
            }
            #expect(try await ledger.upload(upload.id) == nil)
        }
    }

    @Test func `refuses a name for an upload that is not there`() async throws {
        try await LedgerFolder().withLedger { ledger async throws in
            let (key, id) = (UploadKey("a", of: .everyone), UploadID())
            await #expect(throws: StoreError.failed("ledger: there is no upload \(id)")) {
                try await ledger.commit([.name(key, Generations(current: id))])
            }
        }
    }

    @Test(arguments: ["synchronous", "journal_mode", "foreign_keys"])
    func `is not opened where SQLite does not keep what it was told`(setting: String) throws {
        let sound = ["synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"]
        try LedgerSettings.examine { sound[$0] }
        for found in ["0", "delete", nil] {
            let error = #expect(throws: LedgerError.Reason.self) {
                try LedgerSettings.examine { $0 == setting ? found : sound[$0] }
            }
            #expect(error == .unsuited("\(setting) = \(sound[setting] ?? "")"))
        }
    }

    @Test func `is not made anew in the place of one that has lost its tables`() async throws {
        let folder = try LedgerFolder()
        let empty = try DatabaseQueue(path: folder.ledgerPath)
        try await empty.write { try $0.execute(sql: "CREATE TABLE t (c); DROP TABLE t") }
        try empty.close()
        let error = await #expect(throws: LedgerError.self) { try await folder.open(creating: false) }
        #expect(error?.reason == .damaged("it has no tables"))
    }
}
