import CairnContent
import CairnEngine
import Forwarding
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@Suite struct `Verifying what is kept` {
    private let store = MemoryStore()
    private let time = TestTime()
    private let ledger: MemoryLedger
    private let engine: Engine
    private let chunk = ChunkSize.minimum.length
    private let whole = Append(at: 0, ending: .whole)
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let month = Duration.seconds(30 * 86_400)

    init() {
        ledger = MemoryLedger(now: time.now)
        engine = Engine(store: store, ledger: ledger, chunkSize: .minimum, now: time.now, logger: quiet)
    }

    private func file(_ bytes: ByteBuffer) async throws -> Upload {
        try await engine.create(whole, body: Body(bytes), by: .everyone)
    }

    private func digests(_ bytes: ByteBuffer) -> [Digest] {
        var rest = bytes
        var digests: [Digest] = []
        while let part = rest.readSlice(length: min(chunk, max(rest.readableBytes, 1))) {
            digests.append(digest(of: part))
        }
        return digests
    }

    /// Flips a bit of a chunk, where no footer tells.
    private func rot(_ digest: Digest) async throws {
        var bytes = try #require(try await store.read(digest))
        bytes.setInteger(bytes.getInteger(at: bytes.readerIndex, as: UInt8.self)! ^ 1, at: bytes.readerIndex)
        store.damage(digest, with: bytes)
    }

    // MARK: Dedup

    @Test func `a client sends again what has rotted since it was verified, and all files are whole`() async throws {
        let bytes = pattern(0..<(5 * chunk))
        let old = try await file(bytes)
        let names = digests(bytes)
        try await rot(names[2])
        time.pass(seconds: 2 * 86_400)
        let new = try await engine.begin(declaredLength: Int64(5 * chunk), by: .everyone)
        let segment = try await engine.name(names, from: 0, in: new.id, for: .everyone)
        #expect(segment.missing.indices.map(\.self) == [2])
        #expect(try await engine.upload(old.id, for: .everyone).isDamaged)
        #expect(store.quarantineCount == 1)
        let part = pattern((2 * chunk)..<(3 * chunk))
        _ = try await engine.put(Put(names[2]), body: Body(part), to: new.id, for: .everyone)
        let file = try await engine.complete(new.id, for: .everyone).file
        #expect(try await engine.content(of: file) == bytes)
        #expect(try await engine.content(of: old) == bytes)
        #expect(try await engine.upload(old.id, for: .everyone).isDamaged == false)
    }

    @Test func `what was verified within a day is relied on unread, and longer ago is read once`() async throws {
        let bytes = pattern(0..<(2 * chunk))
        _ = try await file(bytes)
        for (days, isRead) in [(0, false), (2, true), (0, false)] as [(Int64, Bool)] {
            time.pass(seconds: days * 86_400)
            let before = try await ledger.kept(of: Set(digests(bytes)), in: .standard, by: nil)
            let upload = try await engine.begin(by: .everyone)
            #expect(
                try await engine.name(digests(bytes), from: 0, in: upload.id, for: .everyone).missing.indices.map(
                    \.self) == [])
            let after = try await ledger.kept(of: Set(digests(bytes)), in: .standard, by: nil)
            #expect((before != after) == isRead)
        }
    }

    @Test func `a known content id completes nothing while bytes of the file have rotted`() async throws {
        let bytes = pattern(0..<(3 * chunk))
        let old = try await file(bytes)
        let offer = Offer(length: Int64(3 * chunk), contentID: old.contentID)
        #expect(try await engine.begin(offer, by: .everyone).upload.state == .complete)
        try await rot(digests(bytes)[1])
        time.pass(seconds: 2 * 86_400)
        #expect(try await engine.begin(offer, by: .everyone).upload.state == .open)
        #expect(try await engine.upload(old.id, for: .everyone).isDamaged)
    }

    // MARK: Scrub

    @Test func `a scrub finds every chunk that has rotted or gone, and reads each once in its time`() async throws {
        let bytes = pattern(0..<(40 * chunk))
        let file = try await file(bytes)
        let names = digests(bytes)
        time.pass(seconds: month.components.seconds + 1)
        for place in [3, 9, 30] { try await rot(names[place]) }
        store.damage(names[31], with: nil)
        var found = Verified()
        for _ in 0..<8 { found += try await engine.scrub(olderThan: month, limit: 7) }
        #expect(Set(found.damaged) == Set([3, 9, 30, 31].map { names[$0] }))
        #expect(found.sound == 36)
        #expect(found.length == Int64(36 * chunk))
        #expect(try await engine.scrub(olderThan: month, limit: 7) == Verified())
        #expect(try await engine.upload(file.id, for: .everyone).isDamaged)
        #expect(try await engine.uploads(.complete, for: .everyone, limit: 9).map(\.isDamaged) == [true])
        // Whoever brings the bytes heals the file, whatever they are a part of.
        for place in [3, 9, 30, 31] { _ = try await self.file(pattern((place * chunk)..<((place + 1) * chunk))) }
        #expect(try await engine.upload(file.id, for: .everyone).isDamaged == false)
        #expect(try await engine.content(of: file) == bytes)
    }

    @Test func `chunks that the disk does not give out are named, keep nobody waiting, and come again`() async throws {
        let disk = SilentDisk(base: store)
        let engine = Engine(store: disk, ledger: ledger, chunkSize: .minimum, now: time.now, logger: quiet)
        let bytes = pattern(0..<(20 * chunk))
        let file = try await file(bytes)
        let names = digests(bytes)
        time.pass(seconds: month.components.seconds + 1)
        try await rot(names[19])
        disk.silent.withLockedValue { $0 = Set(names.prefix(9)) }
        for _ in 0..<2 {
            var found = Verified()
            for _ in 0..<20 { found += try await engine.scrub(olderThan: month, limit: 3) }
            #expect(Set(found.unreadable) == Set(names.prefix(9)))
            #expect(found.damaged.isEmpty == (found.sound == 0))
        }
        #expect(try await engine.upload(file.id, for: .everyone).isDamaged)
        #expect(store.quarantineCount == 1, "and only what is wrong is set aside")
        disk.silent.withLockedValue { $0 = [] }
        var found = Verified()
        for _ in 0..<9 { found += try await engine.scrub(olderThan: month, limit: 3) }
        #expect(found.sound == 9)
    }

    @Test func `a clock that was turned back makes chunks wait no longer than their time`() async throws {
        _ = try await file(pattern(0..<chunk))
        time.pass(seconds: -10 * 365 * 86_400)
        #expect(try await engine.scrub(olderThan: month, limit: 9).sound == 1)
        #expect(try await engine.scrub(olderThan: month, limit: 9).sound == 0)
    }

    @Test func `an open upload that has lost a chunk is told so before it goes on`() async throws {
        let bytes = pattern(0..<(4 * chunk + 9))
        let grown = try await engine.begin(by: .everyone)
        _ = try await engine.append(pattern(0..<(3 * chunk)), at: 0, to: grown.id)
        let named = try await engine.begin(declaredLength: Int64(4 * chunk), by: .everyone)
        let names = Array(digests(bytes).prefix(4))
        _ = try await engine.name(names, from: 0, in: named.id, for: .everyone)
        _ = try await engine.put(
            Put(names[3]), body: Body(pattern((3 * chunk)..<(4 * chunk))), to: named.id, for: .everyone)
        time.pass(seconds: month.components.seconds / 10)
        try await rot(names[1])
        #expect(try await engine.scrub(olderThan: .seconds(3600), limit: 9).damaged == [names[1]])
        #expect(try await engine.resume(grown.id, for: .everyone).offset == Int64(chunk))
        let segment = try await engine.missing(in: 0..<4, of: named.id, for: .everyone)
        _ = segment
        await #expect(throws: UploadError.self) { try await engine.complete(named.id, for: .everyone) }
        #expect(try await engine.missing(in: 0..<4, of: named.id, for: .everyone).missing.indices.map(\.self) == [1])
    }

    @Test func `reading damage sets it aside at once, and a chunk that is being brought is left alone`() async throws {
        let bytes = pattern(0..<(2 * chunk))
        let file = try await file(bytes)
        try await rot(digests(bytes)[1])
        await #expect(throws: StoreError.self) { try await engine.content(of: file) }
        #expect(store.quarantineCount == 1)
        #expect(try await engine.upload(file.id, for: .everyone).isDamaged)
        await #expect(throws: StoreError.self) { try await engine.content(of: file) }
        #expect(store.quarantineCount == 1)
    }

    @Test func `a thousand damages are healed by the next upload of their bytes, in one request`() async throws {
        let bytes = pattern(0..<(50 * chunk))
        let old = try await file(bytes)
        let names = digests(bytes)
        for round in 0..<20 {
            time.pass(seconds: 2 * 86_400)
            for name in names { round.isMultiple(of: 2) ? try await rot(name) : store.damage(name, with: nil) }
            if round % 4 < 2 { _ = try await engine.scrub(olderThan: .seconds(86_400), limit: 100) }
            let new = try await file(bytes)
            #expect(try await engine.content(of: new) == bytes)
            #expect(try await engine.content(of: old) == bytes)
            #expect(try await engine.upload(old.id, for: .everyone).isDamaged == false)
            try await engine.cancel(new.id, for: .everyone)
        }
    }

    // MARK: Records

    @Test func `a lost ledger is made anew from records and chunks, but for bytes that are lost too`() async throws {
        let contents = (0..<6 as Range<UInt8>).map { pattern(0..<(3 * chunk + Int($0)), seed: $0) }
        var files: [Upload] = []
        for content in contents { files.append(try await file(content)) }
        store.damage(digests(contents[4])[1], with: nil)
        let anew = Engine(
            store: store, ledger: MemoryLedger(now: time.now), chunkSize: .minimum, now: time.now, logger: quiet)
        let adopted = try await anew.adopt(store.recorded())
        #expect(adopted.files == 6)
        #expect(adopted.damaged == 1)
        for (number, file) in files.enumerated() {
            let found = try await anew.upload(file.id, for: .everyone)
            #expect(found.contentID == file.contentID)
            #expect(found.metadata == file.metadata)
            #expect(found.isDamaged == (number == 4))
            if number != 4 { #expect(try await anew.content(of: found) == contents[number]) }
        }
        #expect(try await anew.adopt(store.recorded()) == Adopted())
        #expect(await anew.reclaim().chunks + anew.reclaim().strays == 0)
    }

    @Test func `a ledger that has forgotten the end of an upload learns it from the record`() async throws {
        let bytes = pattern(0..<(3 * chunk))
        let upload = try await engine.begin(declaredLength: Int64(3 * chunk), by: .everyone)
        _ = try await engine.append(pattern(0..<(chunk + 5)), at: 0, to: upload.id)
        let old = ledger.snapshot()
        _ = try await engine.append(pattern((chunk + 5)..<(3 * chunk)), at: Int64(chunk + 5), to: upload.id)
        let anew = Engine(store: store, ledger: old, chunkSize: .minimum, now: time.now, logger: quiet)
        #expect(try await anew.upload(upload.id, for: .everyone).state == .open)
        #expect(try await anew.adopt(store.recorded()).files == 1)
        let file = try await anew.upload(upload.id, for: .everyone)
        #expect(file.state == .complete)
        #expect(try await anew.content(of: file) == bytes)
    }

    @Test func `a record of less than what was acknowledged since takes no byte away`() async throws {
        let bytes = pattern(0..<(3 * chunk))
        let file = try await file(pattern(0..<chunk))
        let record = try #require(store.records[file.id])
        let upload = try await engine.begin(by: .everyone)
        _ = try await engine.append(bytes, at: 0, to: upload.id)
        try await store.publish(
            FileRecord(
                id: upload.id, owner: .everyone, created: upload.created, metadata: Metadata(),
                manifest: record.manifest))
        #expect(try await engine.adopt([upload.id]) == Adopted())
        #expect(try await engine.resume(upload.id, for: .everyone).offset == Int64(3 * chunk))
    }

    @Test func `what has ended is not brought back by its record`() async throws {
        let file = try await file(pattern(0..<chunk))
        let record = try #require(store.records[file.id])
        try await engine.cancel(file.id, for: .everyone)
        try await store.publish(record)
        #expect(try await engine.adopt([file.id]) == Adopted())
        await #expect(throws: UploadError.gone) { try await engine.upload(file.id, for: .everyone) }
    }
}

/// A store whose disk does not give out some chunks.
private struct SilentDisk: ForwardingStore {
    let base: MemoryStore
    let silent = NIOLockedValueBox<Set<Digest>>([])

    func read(_ digest: Digest) async throws(StoreError) -> ByteBuffer? {
        if silent.withLockedValue({ $0.contains(digest) }) { throw .failed("no answer") }
        return try await base.read(digest)
    }
}
