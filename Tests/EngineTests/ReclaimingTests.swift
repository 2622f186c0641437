import AsyncAlgorithms
import CairnContent
import CairnEngine
import NIOCore
import Randomness
import Testing

@Suite struct `Reclaiming` {
    private let store = MemoryStore()
    private let ledger = MemoryLedger()
    private let time = TestTime()
    private let chunk = ChunkSize.minimum.length
    private let whole = Append(at: 0, ending: .whole)

    private func engine(_ limits: Limits = Limits(), over ledger: (any Ledger)? = nil) -> Engine {
        Engine(store: store, ledger: ledger ?? self.ledger, limits: limits, chunkSize: .minimum, now: time.now)
    }

    private func file(_ engine: Engine, _ bytes: ByteBuffer) async throws -> Upload {
        try await engine.create(whole, body: Body(bytes), by: .everyone)
    }

    // MARK: What goes

    @Test func `a removed file's chunks go, and those that another file has stay`() async throws {
        let engine = engine()
        let shared = pattern(0..<(2 * chunk))
        let gone = try await file(engine, pattern(0..<(4 * chunk)))
        let kept = try await file(engine, shared)
        try await engine.cancel(gone.id, for: .everyone)
        #expect(store.chunkCount == 4)
        let done = await engine.reclaim()
        #expect(done.chunks == 2)
        #expect(done.length == Int64(2 * chunk))
        #expect(done.ends == 1)
        #expect(store.chunkCount == 2)
        #expect(try await engine.content(of: kept) == shared)
        #expect(await engine.reclaim().isEmpty)
    }

    @Test func `what is set aside is freed a day later, or at once`() async throws {
        let day = engine()
        for engine in [day, self.engine(Limits(trash: .zero))] {
            try await engine.cancel(file(engine, pattern(0..<chunk)).id, for: .everyone)
            _ = await engine.reclaim()
        }
        #expect(store.trashCount == 0)
        try await day.cancel(file(day, pattern(0..<chunk)).id, for: .everyone)
        _ = await day.reclaim()
        #expect(store.trashCount == 2)
        time.pass(seconds: 86_399)
        #expect(await day.reclaim().freed == 0)
        time.pass(seconds: 1)
        #expect(await day.reclaim().freed == 2)
        #expect(store.trashCount == 0)
    }

    @Test func `after expiry and one collection nothing is left of abandoned uploads`() async throws {
        let engine = engine(Limits(trash: .zero))
        let kept = try await file(engine, pattern(0..<(chunk + 5), seed: 9))
        for number in 0..<20 as Range<UInt8> {
            let id = try await engine.begin(by: .everyone).id
            _ = try await engine.append(pattern(0..<(2 * chunk + 7), seed: number), at: 0, to: id)
        }
        time.pass(seconds: engine.limits.idle.components.seconds)
        #expect(try await engine.expire() == 20)
        #expect(await engine.reclaim().chunks == 40 - 1)
        #expect(store.chunkCount == 2)
        #expect(store.tailCount == 0)
        #expect(store.trashCount == 0)
        #expect(try await engine.content(of: kept) == pattern(0..<(chunk + 5), seed: 9))
    }

    @Test func `the chunks of a body that was not what it was said to be go with the next run`() async throws {
        let engine = engine(Limits(batchLength: chunk))
        var append = whole
        append.bodyDigest = Digest(hashing: [1].span)
        await #expect(throws: UploadError.self) {
            try await engine.create(append, body: Body(pattern(0..<(3 * chunk))), by: .everyone)
        }
        #expect(store.chunkCount == 3)
        let pace = Pace(shelves: 0, trashParts: 0, isThorough: false, rest: 0)
        #expect(await engine.reclaim(pace).strays == 3, "without a walk")
        #expect(store.chunkCount == 0)
    }

    @Test func `chunks that the ledger never heard of are found by the walk, a few shelves in each run`() async throws {
        _ = await store.commit(try await verified((0..<9).map { pattern(0..<chunk, seed: $0) }), anew: false)
        let engine = engine()
        let pace = Pace(shelves: 64, trashParts: 0, isThorough: false, rest: 0)
        var found = 0
        for _ in 0..<64 { found += await engine.reclaim(pace).strays }
        #expect(found == 9)
        #expect(store.chunkCount == 0)
    }

    @Test func `an ended upload is remembered for thirty days, and so is its name`() async throws {
        let engine = engine()
        let key = UploadKey("a name", of: .everyone)
        let append = Append(at: 0, declaredLength: 10, ending: .whole)
        let file = try await engine.append(append, body: Body(pattern(0..<10)), named: key, for: .everyone)
        try await engine.cancel(file.id, for: .everyone)
        time.pass(seconds: 30 * 86_400 - 1)
        #expect(await engine.reclaim().forgotten == 0)
        await #expect(throws: UploadError.gone) { try await engine.upload(file.id, for: .everyone) }
        #expect(try await ledger.generations(of: key) != nil)
        time.pass(seconds: 1)
        #expect(await engine.reclaim().forgotten == 1)
        await #expect(throws: UploadError.unknownUpload) { try await engine.upload(file.id, for: .everyone) }
        #expect(try await ledger.generations(of: key) == nil)
        _ = try await engine.append(append, body: Body(pattern(0..<10)), named: key, for: .everyone)
    }

    @Test func `completing a file a thousand times is completing it once`() async throws {
        let engine = engine(Limits(trash: .zero))
        let id = try await engine.begin(by: .everyone).id
        _ = try await engine.append(pattern(0..<(chunk + 1)), at: 0, to: id)
        let first = try await engine.complete(id, for: .everyone).file
        for number in 0..<1000 {
            let again = try await engine.complete(id, length: first.offset, contentID: first.contentID, for: .everyone)
            #expect(again.file == first)
            #expect(!again.isNew)
            if number % 100 == 0 { #expect(await engine.reclaim().isEmpty) }
        }
        #expect(store.chunkCount == 2)
        #expect(store.records.count == 1)
        #expect(try await engine.content(of: first) == pattern(0..<(chunk + 1)))
    }

    // MARK: What stays, whoever comes between

    @Test func `a chunk that a request has brought stays while the ledger is still to hear of it`() async throws {
        let gate = GatedLedger(ledger) { if case .write(_, let entries) = $0 { !entries.isEmpty } else { false } }
        let engine = engine(over: gate)
        try await engine.cancel(file(engine, pattern(0..<chunk)).id, for: .everyone)
        gate.close()
        async let again = file(engine, pattern(0..<chunk))
        await gate.arrival()
        #expect(await engine.reclaim().chunks == 0)
        gate.open()
        let kept = try await again
        #expect(await engine.reclaim().chunks == 0)
        #expect(try await engine.content(of: kept) == pattern(0..<chunk))
    }

    @Test func `a chunk that a request holds back until its body is verified stays as long`() async throws {
        let engine = engine(Limits(batchLength: chunk))
        let bytes = pattern(0..<(2 * chunk))
        var append = whole
        append.bodyDigest = digest(of: bytes)
        let (told, body) = (append, HeldBody())
        async let kept = engine.create(told, body: body, by: .everyone)
        for part in [0, chunk] { await body.send(pattern(part..<(part + chunk))) }
        while store.chunkCount < 2 { await Task.yield() }
        #expect(await engine.reclaim() == Reclaimed())
        body.finish()
        #expect(try await engine.content(of: try await kept) == bytes)
    }

    @Test func `who brings a chunk that is just being removed waits, and brings it anew`() async throws {
        let gate = GatedLedger(ledger) { if case .drop = $0 { true } else { false } }
        let engine = engine(over: gate)
        try await engine.cancel(file(engine, pattern(0..<chunk)).id, for: .everyone)
        gate.close()
        async let run = engine.reclaim()
        await gate.arrival()
        async let again = file(engine, pattern(0..<chunk))
        for _ in 0..<100 { await Task.yield() }
        #expect(store.chunkCount == 0)
        gate.open()
        #expect(await run.chunks == 1)
        #expect(try await engine.content(of: try await again) == pattern(0..<chunk))
    }

    @Test func `an entry that is named while its chunk is removed is missing, and its bytes are sent`() async throws {
        let gate = GatedLedger(ledger) { if case .drop = $0 { true } else { false } }
        let engine = engine(over: gate)
        let bytes = pattern(0..<chunk)
        try await engine.cancel(file(engine, bytes).id, for: .everyone)
        gate.close()
        async let run = engine.reclaim()
        await gate.arrival()
        let id = try await engine.begin(declaredLength: Int64(chunk), by: .everyone).id
        let segment = try await engine.name([digest(of: bytes)], from: 0, in: id, for: .everyone)
        #expect(segment.missing.count == 1)
        gate.open()
        _ = await run
        _ = try await engine.put(Put(digest(of: bytes)), body: Body(bytes), to: id, for: .everyone)
        let file = try await engine.complete(id, for: .everyone).file
        #expect(await engine.reclaim().chunks == 0)
        #expect(try await engine.content(of: file) == bytes)
    }

    @Test func `a client that stops between hearing of chunks and relying on them goes on after any time`() async throws
    {
        let engine = engine(Limits(trash: .zero))
        let bytes = pattern(0..<(3 * chunk))
        let first = try await file(engine, bytes)
        let digests = (0..<3).map { digest(of: pattern(($0 * chunk)..<(($0 + 1) * chunk))) }
        let id = try await engine.begin(declaredLength: Int64(3 * chunk), by: .everyone).id
        let heard = try await engine.name(Array(digests[..<2]), from: 0, in: id, for: .everyone)
        #expect(heard.missing.count == 0)
        let (other, _) = (try await engine.begin(by: .everyone).id, try await engine.cancel(first.id, for: .everyone))
        time.pass(seconds: engine.limits.idle.components.seconds - 1)
        for _ in 0..<3 { _ = await engine.reclaim() }
        #expect(store.chunkCount == 2, "those it relies on")
        let late = try await engine.name([digests[2]], from: 2, in: id, for: .everyone)
        #expect(late.missing.count == 1, "known when it asked others, and gone since")
        _ = try await engine.put(
            Put(digests[2]), body: Body(pattern((2 * chunk)..<(3 * chunk))), to: id, for: .everyone)
        let file = try await engine.complete(id, for: .everyone).file
        #expect(try await engine.content(of: file) == bytes)
        _ = try await engine.append(bytes, at: 0, to: other)
    }

    @Test func `no clock, wherever it stands and whether it moves or not, costs a live chunk`() async throws {
        let engine = engine(Limits(trash: .zero))
        let years = 10 * 365 * 86_400
        let bytes = pattern(0..<(2 * chunk))
        let kept = try await file(engine, bytes)
        for jump in [0, years, -years, -years, 0, 2 * years, -years] {
            time.pass(seconds: Int64(jump))
            let id = try await engine.begin(by: .everyone).id
            let open = try await engine.append(pattern(0..<(chunk + 9), seed: 7), at: 0, to: id)
            let gone = try await file(engine, pattern(0..<(3 * chunk)))
            try await engine.cancel(gone.id, for: .everyone)
            _ = try await engine.expire()
            let done = await engine.reclaim()
            #expect(done.failure == nil)
            #expect(done.chunks >= 1)
            #expect(try await engine.content(of: kept) == bytes)
            #expect(try await engine.content(of: open) == pattern(0..<(chunk + 9), seed: 7))
            try await engine.cancel(id, for: .everyone)
        }
    }

    @Test func `of two runs at once the second does nothing`() async throws {
        let gate = GatedLedger(ledger) { if case .drop = $0 { true } else { false } }
        let engine = engine(over: gate)
        try await engine.cancel(file(engine, pattern(0..<chunk)).id, for: .everyone)
        gate.close()
        async let run = engine.reclaim()
        await gate.arrival()
        #expect(await engine.reclaim().isEmpty)
        gate.open()
        #expect(await run.chunks == 1)
    }

    private func verified(_ all: [ByteBuffer]) async throws -> [VerifiedChunk] {
        var chunks: [VerifiedChunk] = []
        for bytes in all {
            let draft = try await store.draft(continuing: nil)
            try await draft.append(bytes)
            let entry = Entry(digest: digest(of: bytes), length: bytes.readableBytes)
            chunks.append(VerifiedChunk(entry: entry, draft: draft))
        }
        return chunks
    }
}

extension Limits {
    fileprivate init(trash: Duration = Limits().trash, batchLength: Int = Limits().batchLength) {
        self.init()
        self.trash = trash
        self.batchLength = batchLength
    }
}
