import AsyncAlgorithms
import CairnContent
import CairnEngine
import NIOCore
import Testing

@Suite struct `A store that fails` {
    private let chunk = ChunkSize.minimum.length

    @Test func `ends the request also while the next batch waits for the one that failed`() async throws {
        let gate = AsyncChannel<Void>()
        let store = FaultyStore([.late(gate, .failed("the disk"))])
        var limits = Limits()
        limits.batchLength = chunk
        let engine = Engine(store: store, ledger: MemoryLedger(), limits: limits, chunkSize: .minimum)
        let id = try await engine.begin(by: .everyone).id
        let body = HeldBody()
        async let append = engine.outcome(of: Append(at: 0), body: body, to: id)
        // One batch commits, one waits to be taken, and the client has more.
        for index in 0..<3 { await body.send(pattern((index * chunk)..<((index + 1) * chunk))) }
        await gate.send(())
        let outcome = await append
        #expect(outcome == .failure(.store(.failed("the disk"))))
        // Nobody holds the lease any more.
        #expect(try await engine.resume(id, for: .everyone).offset == 0)
        #expect(try await engine.append(pattern(0..<chunk), at: 0, to: id).offset == Int64(chunk))
    }

    @Test func `has what came before it acknowledged, and nothing after`() async throws {
        let store = FaultyStore([.success, .failure(.noSpace)])
        var limits = Limits()
        limits.batchLength = chunk
        let engine = Engine(store: store, ledger: MemoryLedger(), limits: limits, chunkSize: .minimum)
        let id = try await engine.begin(by: .everyone).id
        let body = Body(pattern(0..<(4 * chunk)), cutInto: [chunk, chunk, chunk, chunk])
        await #expect(throws: UploadError.store(.noSpace)) {
            try await engine.append(Append(at: 0), body: body, to: id, for: .everyone)
        }
        #expect(try await engine.resume(id, for: .everyone).prefix == prefix(of: pattern(0..<chunk)))
    }
}

@Suite struct `A body that may hold nothing` {
    private let end = Append(at: 3)

    @Test(arguments: ["stalls", "is stopped", "is taken over"])
    func `is not waited for when it`(how: String) async throws {
        var limits = Limits()
        limits.checkpoint = .milliseconds(5)
        limits.stall = .milliseconds(how == "stalls" ? 50 : 60_000)
        let engine = Engine.ofSmallChunks(limits: limits)
        let key = UploadKey("a", of: .everyone)
        let whole = Append(at: 0, declaredLength: 3)
        let file = try await engine.append(whole, body: Body(pattern(0..<3)), named: key, for: .everyone)
        let body = HeldBody()
        async let append = engine.outcome(of: end, body: body, named: key)
        await body.send(ByteBuffer())
        switch how {
        case "is stopped": engine.stop()
        case "is taken over": #expect(try await engine.resume(named: key, for: .everyone)?.offset == 3)
        default: break
        }
        let expected: UploadError =
            switch how {
            case "stalls": .stalled(file.prefix)
            case "is stopped": .stopping(file.prefix)
            default: .takenOver
            }
        let outcome = await append
        #expect(outcome == .failure(expected))
    }

    @Test func `is refused at its first byte`() async throws {
        let engine = Engine.ofSmallChunks()
        let key = UploadKey("a", of: .everyone)
        let whole = Append(at: 0, declaredLength: 3)
        let file = try await engine.append(whole, body: Body(pattern(0..<3)), named: key, for: .everyone)
        await #expect(throws: UploadError.tooLong(declared: 3, file.prefix)) {
            try await engine.append(end, body: Body(pattern(3..<9)), named: key, for: .everyone)
        }
        let again = try await engine.append(end, body: Body.empty, named: key, for: .everyone)
        #expect(again.state == .complete && again.id == file.id)
    }
}

@Suite struct `A server that now cuts chunks otherwise` {
    private let small = ChunkSize.minimum.length
    private let key = UploadKey("a", of: .everyone)

    @Test(arguments: [true, false]) func `goes on with a file as it was cut`(isCutLarger: Bool) async throws {
        let sizes = [ChunkSize.minimum, try #require(ChunkSize(4 * small))]
        let (before, after) = isCutLarger ? (sizes[0], sizes[1]) : (sizes[1], sizes[0])
        let (store, ledger) = (MemoryStore(), MemoryLedger())
        let first = Engine(store: store, ledger: ledger, chunkSize: before)
        let length = 4 * small + 100
        let whole = Append(at: 0, bodyLength: Int64(length), ending: .whole)
        _ = try await first.append(whole, body: Body(pattern(0..<length)), named: key, for: .everyone)

        let second = Engine(store: store, ledger: ledger, chunkSize: after)
        let more = Append(at: Int64(length), bodyLength: Int64(5 * small), ending: .whole)
        let rest = Body(pattern(length..<(length + 5 * small)))
        let file = try await second.append(more, body: rest, named: key, for: .everyone)
        #expect(file.chunkSize == before && file.state == .complete)
        #expect(file.prefix == prefix(of: pattern(0..<(length + 5 * small)), chunkSize: before))
        var part = ByteBuffer()
        for try await bytes in second.bytes(Int64(4 * small)..<Int64(5 * small), of: file) {
            part.writeImmutableBuffer(bytes)
        }
        #expect(part == pattern((4 * small)..<(5 * small)))
    }

    @Test func `loses nothing to a broken restart`() async throws {
        let (store, ledger) = (MemoryStore(), MemoryLedger())
        let first = Engine(store: store, ledger: ledger, chunkSize: try #require(ChunkSize(4 * small)))
        let long = Append(at: 0, declaredLength: Int64(20 * small))
        _ = await first.outcome(of: long, body: Body(pattern(0..<(9 * small)), breaks: true), named: key)

        let second = Engine(store: store, ledger: ledger, chunkSize: .minimum)
        _ = await second.outcome(of: long, body: Body(pattern(0..<(2 * small)), breaks: true), named: key)
        #expect(try await second.resume(named: key, for: .everyone)?.offset == Int64(9 * small))
    }
}

@Suite struct `What a kill leaves behind` {
    @Test func `is swept at the next start when no upload refers to it`() async throws {
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store)
        let id = try await engine.begin(by: .everyone).id
        _ = try await engine.append(pattern(0..<100), at: 0, to: id)
        for owner in [id, UploadID()] {
            let draft = try await store.draft(continuing: nil)
            try await draft.append(pattern(0..<9))
            _ = try await draft.persist(for: owner)
        }
        #expect(store.tailCount == 3)
        store.reopen()
        #expect(try await engine.sweep() == 2)
        #expect(store.tailCount == 1)
        #expect(try await engine.resume(id, for: .everyone).offset == 100)
    }
}

@Suite struct `Reading what still arrives` {
    private let chunk = ChunkSize.minimum.length

    @Test func `gives a tail also when it has become a chunk meanwhile`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        let seen = try await engine.append(pattern(0..<(chunk + 100)), at: 0, to: id)
        _ = try await engine.append(pattern((chunk + 100)..<(3 * chunk)), at: Int64(chunk + 100), to: id)
        #expect(try await engine.content(of: seen) == pattern(0..<(chunk + 100)))
    }
}
