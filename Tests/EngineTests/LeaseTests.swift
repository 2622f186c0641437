import CairnContent
import CairnEngine
import NIOCore
import Randomness
import Testing

@Suite struct `Who may move a prefix` {
    private let chunk = ChunkSize.minimum.length

    @Test func `a newer request takes over, and what the older one brought is kept`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        let body = HeldBody()
        async let older = engine.outcome(of: Append(at: 0), body: body, to: id)
        await body.send(pattern(0..<(chunk + 5)))
        await body.send(ByteBuffer())
        let seen = try await engine.resume(id, for: .everyone)
        #expect(seen.prefix == prefix(of: pattern(0..<(chunk + 5))))
        let outcome = await older
        #expect(outcome == .failure(.takenOver))
        let after = try await engine.append(pattern((chunk + 5)..<(2 * chunk)), at: seen.offset, to: id)
        #expect(after.prefix == prefix(of: pattern(0..<(2 * chunk))))
    }

    @Test func `a mere look disturbs nobody`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        let body = HeldBody()
        async let append = engine.outcome(of: Append(at: 0), body: body, to: id)
        await body.send(pattern(0..<100))
        #expect(try await engine.upload(id, for: .everyone).offset <= 100)
        await body.send(pattern(100..<200))
        body.finish()
        let offset = try await append.get().offset
        #expect(offset == 200)
    }

    @Test func `a cancelled upload cuts the request that fills it, and is gone`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        let body = HeldBody()
        async let append = engine.outcome(of: Append(at: 0), body: body, to: id)
        await body.send(pattern(0..<100))
        try await engine.cancel(id, for: .everyone)
        let outcome = await append
        #expect(outcome == .failure(.takenOver))
        await #expect(throws: UploadError.gone) { try await engine.resume(id, for: .everyone) }
    }

    @Test(arguments: 0..<10) func `32 clients racing on one upload leave exactly one history`(
        seed: UInt64
    ) async throws {
        let engine = Engine.ofSmallChunks()
        let length = 10 * chunk
        let bytes = pattern(0..<length)
        let id = try await engine.begin(declaredLength: Int64(length), by: .everyone).id
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<32 {
                group.addTask { await race(engine, id, bytes, seed: seed &* 100 &+ UInt64(client)) }
            }
        }
        let file = try await engine.resume(id, for: .everyone)
        #expect(file.state == .complete, "seed \(seed)")
        #expect(file.prefix == prefix(of: bytes), "seed \(seed)")
    }

    private func race(_ engine: Engine, _ id: UploadID, _ bytes: ByteBuffer, seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        var highest: Int64 = 0
        while let upload = try? await engine.resume(id, for: .everyone) {
            #expect(upload.offset >= highest, "an offset fell, seed \(seed)")
            highest = upload.offset
            guard upload.state == .open else { return }
            let rest = bytes.readableBytes - Int(upload.offset)
            let part = bytes.getSlice(at: Int(upload.offset), length: Int.random(in: 0...rest, using: &random))
            let lengths = (0..<8).map { _ in Int.random(in: 1...chunk, using: &random) }
            let body = Body(part ?? ByteBuffer(), cutInto: lengths, breaks: Bool.random(using: &random))
            if let after = try? await engine.append(Append(at: upload.offset), body: body, to: id, for: .everyone) {
                highest = max(highest, after.offset)
            }
        }
        // A newer request sent this one away while it waited: the race goes on without it.
    }
}
