import CairnContent
import CairnEngine
import NIOCore
import Randomness
import Synchronization
import Testing

@Suite struct `The life of an upload` {
    private let chunk = ChunkSize.minimum.length

    @Test func `a plain request that breaks off leaves no upload behind`() async throws {
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store)
        await #expect(throws: UploadError.self) {
            try await engine.create(
                Append(at: 0, ending: .whole), body: Body(pattern(0..<70_000), breaks: true), by: .everyone)
        }
        #expect(try await engine.uploads(.open, for: .everyone, limit: 10).isEmpty)
        #expect(store.tailCount == 0)
    }

    @Test func `a plain request brings a whole file with its name`() async throws {
        let engine = Engine.ofSmallChunks()
        let append = Append(at: 0, ending: .whole, metadata: Metadata(name: "ä/β.txt", type: "text/plain"))
        let file = try await engine.create(append, body: Body(pattern(0..<10)), by: .everyone)
        #expect(file.state == .complete)
        #expect(file.metadata.name == "ä/β.txt")
        #expect(file.length == .declared(10))
    }

    @Test func `a removed file takes its record with it and leaves a tombstone`() async throws {
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store)
        let whole = Append(at: 0, ending: .whole)
        let file = try await engine.create(whole, body: Body(pattern(0..<10)), by: .everyone)
        try await engine.cancel(file.id, for: .everyone)
        #expect(store.records.isEmpty)
        await #expect(throws: UploadError.gone) { try await engine.upload(file.id, for: .everyone) }
    }

    @Test func `an upload expires when its time is over, counted from its last bytes`() async throws {
        let time = TestTime()
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store, now: time.now)
        let idle = engine.limits.idle.components.seconds
        let id = try await engine.begin(by: .everyone).id
        time.pass(seconds: idle - 1)
        _ = try await engine.append(pattern(0..<10), at: 0, to: id)
        time.pass(seconds: idle - 1)
        #expect(try await engine.expire() == 0)
        time.pass(seconds: 1)
        #expect(try await engine.expire() == 1)
        await #expect(throws: UploadError.gone) { try await engine.resume(id, for: .everyone) }
        #expect(store.tailCount == 0)
    }

    @Test func `a finished file never expires`() async throws {
        let time = TestTime()
        let engine = Engine.ofSmallChunks(now: time.now)
        let whole = Append(at: 0, ending: .whole)
        let file = try await engine.create(whole, body: Body(pattern(0..<10)), by: .everyone)
        time.pass(seconds: 1 << 40)
        #expect(try await engine.expire() == 0)
        #expect(try await engine.upload(file.id, for: .everyone) == file)
    }

    @Test func `a lost chunk lets the number fall, and sending again from there heals`() async throws {
        let (store, ledger) = (MemoryStore(), MemoryLedger())
        let bytes = pattern(0..<(4 * chunk + 100))
        let before = Engine.ofSmallChunks(store: store, ledger: ledger)
        let id = try await before.begin(declaredLength: Int64(5 * chunk), by: .everyone).id
        _ = try await before.append(bytes, at: 0, to: id)
        let lost = try #require(bytes.getSlice(at: 2 * chunk, length: chunk))
        store.damage(digest(of: lost), with: nil)

        let after = Engine.ofSmallChunks(store: store, ledger: ledger)
        let upload = try await after.resume(id, for: .everyone)
        #expect(upload.prefix == prefix(of: pattern(0..<(2 * chunk))))
        #expect(upload.acknowledged == Int64(4 * chunk + 100))
        let file = try await after.append(pattern((2 * chunk)..<(5 * chunk)), at: upload.offset, to: id)
        #expect(file.prefix == prefix(of: pattern(0..<(5 * chunk))))
    }

    @Test func `a lost tail lets the number fall to the last whole chunk`() async throws {
        let (store, ledger) = (MemoryStore(), MemoryLedger())
        let before = Engine.ofSmallChunks(store: store, ledger: ledger)
        let id = try await before.begin(by: .everyone).id
        _ = try await before.append(pattern(0..<(chunk + 100)), at: 0, to: id)
        store.loseTails()
        let after = Engine.ofSmallChunks(store: store, ledger: ledger)
        #expect(try await after.resume(id, for: .everyone).offset == Int64(chunk))
    }

    @Test func `a chunk that is not what its name says is never handed out`() async throws {
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store)
        let bytes = pattern(0..<(2 * chunk))
        let file = try await engine.create(Append(at: 0, ending: .whole), body: Body(bytes), by: .everyone)
        let digest = digest(of: try #require(bytes.getSlice(at: chunk, length: chunk)))
        store.damage(digest, with: pattern(0..<chunk))
        var received = 0
        await #expect(throws: StoreError.damaged(digest)) {
            for try await part in engine.bytes(0..<Int64(2 * chunk), of: file) { received += part.readableBytes }
        }
        #expect(received == chunk)
    }

    @Test(arguments: 0..<30) func `any range of a file is handed out exactly`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let engine = Engine.ofSmallChunks()
        let length = Int.random(in: 1...(4 * chunk), using: &random)
        let id = try await engine.begin(by: .everyone).id
        let upload = try await engine.append(pattern(0..<length), at: 0, to: id)
        let start = Int.random(in: 0...length, using: &random)
        let range = start..<Int.random(in: start...length, using: &random)
        var content = ByteBuffer()
        for try await part in engine.bytes(Int64(range.lowerBound)..<Int64(range.upperBound), of: upload) {
            content.writeImmutableBuffer(part)
        }
        #expect(content == pattern(0..<length).getSlice(at: range.lowerBound, length: range.count), "seed \(seed)")
    }

    @Test func `the manifest of a file has its content id`() async throws {
        let engine = Engine.ofSmallChunks()
        let file = try await engine.create(
            Append(at: 0, ending: .whole), body: Body(pattern(0..<(2 * chunk + 1))), by: .everyone)
        let manifest = try await engine.manifest(of: file)
        #expect(manifest.contentID == file.contentID)
        #expect(manifest.length == Int64(2 * chunk + 1))
    }
}

/// Wall-clock time that passes when the test says so.
final class TestTime: Sendable {
    private let seconds = Mutex<Int64>(1_000_000)

    var now: @Sendable () -> Timestamp { { Timestamp(seconds: self.seconds.withLock { $0 }) } }

    func pass(seconds: Int64) { self.seconds.withLock { $0 += seconds } }
}
