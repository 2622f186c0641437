import CairnContent
import CairnEngine
import NIOCore
import Synchronization
import Testing

@Suite struct `An upload made of others` {
    private func part(_ bytes: ByteBuffer, in engine: Engine) async throws -> Upload {
        let begun = try await engine.begin(declaredLength: Int64(bytes.readableBytes), by: .everyone)
        return try await engine.append(bytes, at: 0, to: begun.id)
    }

    private func join(_ parts: [Upload], in engine: Engine) async throws(UploadError) -> Upload {
        try await engine.join(parts.map(\.id), Beginning(), by: .everyone)
    }

    @Test func `is what its parts are, at whatever lengths they end`() async throws {
        let engine = Engine.ofSmallChunks()
        let cuts = [0, 1, 65_536, 65_537, 200_000, 200_000, 331_072, 331_073]
        var parts: [Upload] = []
        for (from, to) in zip(cuts, cuts.dropFirst()) { parts.append(try await part(pattern(from..<to), in: engine)) }
        let file = try await join(parts, in: engine)
        #expect(file.state == .complete && file.isRagged && file.offset == 331_073)
        #expect(try await engine.content(of: file) == pattern(0..<331_073))
        let manifest = try await engine.manifest(of: file)
        #expect(manifest.isRagged && manifest.contentID == file.contentID && manifest.length == 331_073)
        for range in [0..<1, 65_535..<65_540, 199_999..<200_001, 331_072..<331_073] {
            var found = ByteBuffer()
            for try await bytes in engine.bytes(Int64(range.lowerBound)..<Int64(range.upperBound), of: file) {
                found.writeImmutableBuffer(bytes)
            }
            #expect(found == pattern(range))
        }
    }

    @Test func `is cut as any other when its parts end at chunks`() async throws {
        let engine = Engine.ofSmallChunks()
        let parts = [
            try await part(pattern(0..<131_072), in: engine), try await part(pattern(131_072..<200_000), in: engine),
        ]
        let file = try await join(parts, in: engine)
        #expect(!file.isRagged && file.prefix == prefix(of: pattern(0..<200_000)))
    }

    @Test func `takes no chunk more in the store`() async throws {
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store)
        let one = try await part(pattern(0..<200_000), in: engine)
        let count = store.chunkCount
        let file = try await join([one, one, one, one], in: engine)
        #expect(file.offset == 800_000 && store.chunkCount == count)
    }

    @Test func `waits for its parts, and takes no bytes meanwhile`() async throws {
        let engine = Engine.ofSmallChunks()
        let open = try await engine.begin(declaredLength: 5, by: .everyone)
        let final = try await join([open], in: engine)
        #expect(final.state == .open && final.declaredLength == 5)
        await #expect(throws: UploadError.finalUpload) {
            try await engine.append(pattern(0..<5), at: 0, to: final.id)
        }
        _ = try await engine.append(pattern(0..<5), at: 0, to: open.id)
        let joined = try await engine.resume(final.id, for: .everyone)
        #expect(joined.state == .complete)
        #expect(try await engine.content(of: joined) == pattern(0..<5))
    }

    @Test func `ends when a part does, and outlives parts once it is complete`() async throws {
        let engine = Engine.ofSmallChunks()
        let open = try await engine.begin(declaredLength: 5, by: .everyone)
        let waiting = try await join([open], in: engine)
        try await engine.cancel(open.id, for: .everyone)
        await #expect(throws: UploadError.gone) { try await engine.resume(waiting.id, for: .everyone) }
        let whole = try await part(pattern(0..<9), in: engine)
        let file = try await join([whole], in: engine)
        try await engine.cancel(whole.id, for: .everyone)
        #expect(try await engine.content(of: file) == pattern(0..<9))
    }

    @Test func `is joined, and not expired, when its parts are complete by the end of its time`() async throws {
        let clock = Atomic<Int64>(1_700_000_000)
        let engine = Engine.ofSmallChunks(now: { Timestamp(seconds: clock.load(ordering: .relaxed)) })
        let open = try await engine.begin(declaredLength: 5, by: .everyone)
        let final = try await join([open], in: engine)
        let hopeless = try await join([try await engine.begin(by: .everyone)], in: engine)
        _ = try await engine.append(pattern(0..<5), at: 0, to: open.id)
        clock.add(Limits().idle.components.seconds + 1, ordering: .relaxed)
        _ = try await engine.expire()
        #expect(try await engine.upload(final.id, for: .everyone).state == .complete)
        await #expect(throws: UploadError.gone) { try await engine.upload(hopeless.id, for: .everyone) }
    }

    @Test func `is refused for a stranger's part, an unknown one, and too many`() async throws {
        var limits = Limits()
        limits.parts = 2
        let engine = Engine.ofSmallChunks(limits: limits)
        let strange = try await engine.begin(declaredLength: 0, by: Principal("other"))
        await #expect(throws: UploadError.unknownUpload) { try await join([strange], in: engine) }
        let own = try await part(pattern(0..<9), in: engine)
        await #expect(throws: UploadError.limit(.parts, 2)) { try await join([own, own, own], in: engine) }
    }

    @Test func `is refused when its entries are more than a manifest has`() async throws {
        var limits = Limits()
        limits.entries = 5
        let engine = Engine.ofSmallChunks(limits: limits)
        let own = try await part(pattern(0..<200_000), in: engine)
        await #expect(throws: UploadError.limit(.entries, 5)) { try await join([own, own], in: engine) }
        #expect(try await engine.uploads(.open, for: .everyone, limit: 9).isEmpty, "nothing is left behind")
    }
}

@Suite struct `A file whose checksum was declared` {
    private func checksum(_ bytes: ByteBuffer) -> Checksum { Checksum(digest(of: bytes)) }

    @Test func `is complete only when all of it agrees, over any number of requests`() async throws {
        let engine = Engine.ofSmallChunks()
        let whole = pattern(0..<150_000)
        let begun = try await engine.begin(
            Beginning(declaredLength: 150_000, terms: Terms(checksums: [checksum(whole)])), by: .everyone)
        var upload = try await engine.append(pattern(0..<70_000), at: 0, to: begun.id)
        #expect(upload.state == .open)
        upload = try await engine.append(pattern(70_000..<150_000), at: 70_000, to: begun.id)
        #expect(upload.state == .complete && upload.prefix == prefix(of: whole))
    }

    @Test func `stays open when it does not agree`() async throws {
        let engine = Engine.ofSmallChunks()
        let begun = try await engine.begin(
            Beginning(declaredLength: 9, terms: Terms(checksums: [checksum(pattern(0..<8))])), by: .everyone)
        let held = prefix(of: pattern(0..<9))
        await #expect(throws: UploadError.fileMismatch(held)) {
            try await engine.append(pattern(0..<9), at: 0, to: begun.id)
        }
        #expect(try await engine.upload(begun.id, for: .everyone).state == .open)
    }

    @Test func `of an append keeps nothing unless it agrees`() async throws {
        var limits = Limits()
        limits.batchLength = 65_536  // so that there are several batches on the way
        let engine = Engine.ofSmallChunks(limits: limits)
        let begun = try await engine.begin(declaredLength: 200_000, by: .everyone)
        for algorithm in Checksum.Algorithm.allCases {
            var hasher = ChecksumHasher([algorithm])
            hasher.update(pattern(0..<200_000).readableBytesUInt8Span)
            var append = Append(at: 0)
            append.checksums = Array(hasher.finish())
            let wrong = Body(pattern(0..<200_000, seed: 1))
            let outcome = await engine.outcome(of: append, body: wrong, to: begun.id)
            #expect(outcome == .failure(.checksumMismatch(prefix(of: ByteBuffer()))), "\(algorithm)")
            let cut = await engine.outcome(of: append, body: Body(pattern(0..<200_000), breaks: true), to: begun.id)
            #expect(cut == .failure(.bodyCut(prefix(of: ByteBuffer()))), "\(algorithm)")
        }
    }
}

@Suite struct `An upload whose bytes were lost` {
    @Test func `is refused to those who cannot be told a lower offset, and goes on for others`() async throws {
        let (store, ledger) = (MemoryStore(), MemoryLedger())
        let begun = try await Engine.ofSmallChunks(store: store, ledger: ledger).begin(
            declaredLength: 200_000, by: .everyone)
        var upload = try await Engine.ofSmallChunks(store: store, ledger: ledger)
            .append(pattern(0..<131_072), at: 0, to: begun.id)
        let second = try await ledger.entries(of: upload.id, in: 1..<2)[0]
        store.damage(second.digest, with: nil)
        let engine = Engine.ofSmallChunks(store: store, ledger: ledger)
        var strict = Append(at: 65_536)
        strict.needsAcknowledged = true
        let left = prefix(of: pattern(0..<65_536))
        #expect(
            await engine.outcome(of: strict, body: Body(pattern(65_536..<200_000)), to: upload.id)
                == .failure(.fallen(left)))
        upload = try await engine.append(pattern(65_536..<131_072), at: 65_536, to: upload.id)
        #expect(upload.offset == 131_072)
        strict.offset = 131_072
        let outcome = await engine.outcome(of: strict, body: Body(pattern(131_072..<200_000)), to: upload.id)
        #expect(try outcome.get().state == .complete)
    }
}
