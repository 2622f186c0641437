import CairnContent
import CairnEngine
import NIOCore
import Testing

@Suite struct `Uploads under a client's own name` {
    private let chunk = ChunkSize.minimum.length
    private let key = UploadKey("a.bin-1-2", of: .everyone)
    private let store = MemoryStore()
    private let engine: Engine

    init() { engine = Engine.ofSmallChunks(store: store) }

    private func append(
        _ bytes: ByteBuffer, at offset: Int64, length: Int64? = nil, breaks: Bool = false
    ) async throws(UploadError) -> Upload {
        try await engine.append(
            Append(at: offset, declaredLength: length, bodyLength: Int64(bytes.readableBytes), ending: .whole),
            body: Body(bytes, breaks: breaks), named: key, for: .everyone)
    }

    private func status() async throws -> Upload? { try await engine.resume(named: key, for: .everyone) }

    @Test func `a name never used stands for nothing, and asking creates nothing`() async throws {
        #expect(try await status() == nil)
        #expect(try await engine.uploads(.open, for: .everyone, limit: 10).isEmpty)
    }

    @Test func `two principals never share a name`() {
        #expect(UploadKey("x", of: Principal("a")) != UploadKey("x", of: Principal("b")))
    }

    @Test func `a body that arrives whole completes the file at the length it infers`() async throws {
        let file = try await append(pattern(0..<100), at: 0)
        #expect(file.state == .complete)
        #expect(file.length == .inferred(100))
        #expect(try await status()?.offset == 100)
    }

    @Test func `a cut body completes nothing and is resumed where it broke`() async throws {
        await #expect(throws: UploadError.bodyCut(prefix(of: pattern(0..<60)))) {
            try await append(pattern(0..<60), at: 0, breaks: true)
        }
        #expect(try await status()?.state == .open)
        #expect(try await append(pattern(60..<100), at: 60).prefix == prefix(of: pattern(0..<100)))
    }

    @Test func `a start elsewhere is refused and changes nothing`() async throws {
        _ = try? await append(pattern(0..<60), at: 0, breaks: true)
        await #expect(throws: UploadError.offsetMismatch(prefix(of: pattern(0..<60)))) {
            try await append(pattern(10..<100), at: 10)
        }
        #expect(try await status()?.offset == 60)
    }

    @Test func `a start elsewhere under a name never used is refused at zero`() async throws {
        await #expect(throws: UploadError.offsetMismatch(Prefix(offset: 0, digest: TreePeaks().root))) {
            try await append(pattern(10..<100), at: 10)
        }
        #expect(try await status() == nil)
    }

    @Test func `an empty body at the full length changes nothing`() async throws {
        let file = try await append(pattern(0..<100), at: 0)
        #expect(try await append(ByteBuffer(), at: 100) == file)
        let declared = try await append(ByteBuffer(), at: 100, length: 100)
        #expect(declared.length == .declared(100))
        #expect(declared.id == file.id)
    }

    @Test func `bytes at the end of a file of inferred length continue it`() async throws {
        let parts = [0..<(chunk + 100), (chunk + 100)..<(2 * chunk), (2 * chunk)..<(4 * chunk + 1)]
        for part in parts { _ = try await append(pattern(part), at: Int64(part.lowerBound)) }
        let file = try #require(try await status())
        #expect(file.prefix == prefix(of: pattern(0..<(4 * chunk + 1))))
        #expect(try await engine.content(of: file) == pattern(0..<(4 * chunk + 1)))
        #expect(try await engine.uploads(.complete, for: .everyone, limit: 10).map(\.id) == [file.id])
    }

    @Test func `bytes past a declared length are refused`() async throws {
        let file = try await append(pattern(0..<100), at: 0, length: 100)
        await #expect(throws: UploadError.tooLong(declared: 100, file.prefix)) {
            try await append(pattern(100..<110), at: 100)
        }
    }

    @Test func `a broken restart with the same bytes loses nothing`() async throws {
        _ = try? await append(pattern(0..<(3 * chunk)), at: 0, breaks: true)
        await #expect(throws: UploadError.bodyCut(prefix(of: pattern(0..<(3 * chunk))))) {
            try await append(pattern(0..<(chunk + 9)), at: 0, breaks: true)
        }
        #expect(try await status()?.prefix == prefix(of: pattern(0..<(3 * chunk))))
        #expect(try await engine.uploads(.open, for: .everyone, limit: 10).count == 1)
    }

    @Test func `a restart that comes further counts`() async throws {
        _ = try? await append(pattern(0..<chunk), at: 0, breaks: true)
        _ = try? await append(pattern(0..<(2 * chunk + 9)), at: 0, breaks: true)
        #expect(try await status()?.prefix == prefix(of: pattern(0..<(2 * chunk + 9))))
        #expect(try await engine.uploads(.open, for: .everyone, limit: 10).count == 1)
    }

    @Test func `a restart with other bytes counts, however short, and never glues two contents`() async throws {
        _ = try? await append(pattern(0..<(3 * chunk)), at: 0, breaks: true)
        let other = pattern(0..<100, seed: 9)
        _ = try? await append(other, at: 0, breaks: true)
        #expect(try await status()?.prefix == prefix(of: other))
    }

    @Test func `a restart that differs inside a chunk is told from one that is equal`() async throws {
        _ = try? await append(pattern(0..<(chunk + 500)), at: 0, breaks: true)
        var other = pattern(0..<(chunk + 400))
        other.setInteger(UInt8(0xFF), at: chunk + 399)
        _ = try? await append(other, at: 0, breaks: true)
        #expect(try await status()?.prefix == prefix(of: other))
    }

    @Test func `a finished file of declared length stays when its name moves on`() async throws {
        let first = try await append(pattern(0..<100), at: 0, length: 100)
        let second = try await append(pattern(0..<100, seed: 5), at: 0, length: 100)
        #expect(first.id != second.id)
        #expect(try await status()?.id == second.id)
        #expect(try await engine.upload(first.id, for: .everyone) == first)
    }

    @Test func `the same file sent again from the start stays one file`() async throws {
        let first = try await append(pattern(0..<(2 * chunk)), at: 0, length: Int64(2 * chunk))
        let second = try await append(pattern(0..<(2 * chunk)), at: 0, length: Int64(2 * chunk))
        #expect(first.id == second.id)
        #expect(try await engine.uploads(.complete, for: .everyone, limit: 10).count == 1)
        #expect(store.chunkCount == 2)
    }

    @Test func `a start at zero may declare another length`() async throws {
        _ = try? await append(ByteBuffer(), at: 0, length: 100)
        #expect(try await append(pattern(0..<50), at: 0, length: 50).state == .complete)
        #expect(try await status()?.offset == 50)
    }

    @Test func `a length unlike the one before is refused anywhere else`() async throws {
        _ = try? await append(pattern(0..<50), at: 0, length: 100, breaks: true)
        await #expect(throws: UploadError.lengthConflict(declared: 100, prefix(of: pattern(0..<50)))) {
            try await append(pattern(50..<60), at: 50, length: 60)
        }
    }

    @Test func `a status question cuts a running request, and its answer stands`() async throws {
        let body = HeldBody()
        async let append = engine.outcome(of: Append(at: 0, ending: .whole), body: body, named: key)
        await body.send(pattern(0..<100))
        await body.send(ByteBuffer())
        #expect(try await status()?.offset == 100)
        let outcome = await append
        #expect(outcome == .failure(.takenOver))
        #expect(try await self.append(pattern(100..<150), at: 100).offset == 150)
    }

    @Test func `two overlapping requests never overcount`() async throws {
        let bytes = pattern(0..<200)
        async let one = append(bytes, at: 0)
        async let two = append(bytes, at: 0)
        _ = (try? await one, try? await two)
        let offset = try #require(try await status()).offset
        #expect(offset <= 200)
        if offset < 200 { _ = try await append(pattern(Int(offset)..<200), at: offset) }
        let file = try #require(try await status())
        #expect(try await engine.content(of: file) == bytes)
    }
}
