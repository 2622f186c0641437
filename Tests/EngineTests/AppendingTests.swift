import CairnContent
import CairnEngine
import NIOCore
import Randomness
import Testing

@Suite struct `Appending to an upload` {
    private let chunk = ChunkSize.minimum.length

    @Test func `the prefix is what arrived, with the digest that anyone can compute`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        let bytes = pattern(0..<(3 * chunk + 1000))
        let upload = try await engine.append(bytes, at: 0, to: id)
        #expect(upload.prefix == prefix(of: bytes))
        #expect(try await engine.content(of: upload) == bytes)
        #expect(upload.state == .open)
    }

    @Test func `bytes beyond the prefix are refused, and the answer says where to resume`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(declaredLength: 100, by: .everyone).id
        _ = try await engine.append(pattern(0..<40), at: 0, to: id)
        await #expect(throws: UploadError.offsetMismatch(prefix(of: pattern(0..<40)))) {
            try await engine.append(pattern(60..<100), at: 60, to: id)
        }
    }

    @Test func `bytes before the end of the prefix are refused too`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        _ = try await engine.append(pattern(0..<40), at: 0, to: id)
        await #expect(throws: UploadError.offsetMismatch(prefix(of: pattern(0..<40)))) {
            try await engine.append(pattern(20..<100), at: 20, to: id)
        }
    }

    @Test func `an unknown upload is refused before its body is read`() async throws {
        let engine = Engine.ofSmallChunks()
        await #expect(throws: UploadError.unknownUpload) {
            try await engine.append(pattern(0..<1), at: 0, to: UploadID())
        }
    }

    @Test func `another principal's upload is as unknown as one that never was`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: Principal("alice")).id
        await #expect(throws: UploadError.unknownUpload) { try await engine.upload(id, for: Principal("bob")) }
        await #expect(throws: UploadError.unknownUpload) { try await engine.cancel(id, for: Principal("bob")) }
    }

    @Test func `reaching the declared length completes the file and publishes its record`() async throws {
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store)
        let bytes = pattern(0..<(chunk + 7))
        let id = try await engine.begin(declaredLength: Int64(chunk + 7), by: .everyone).id
        let file = try await engine.append(bytes, at: 0, to: id)
        #expect(file.state == .complete)
        #expect(file.contentID == prefix(of: bytes).digest)
        #expect(store.records[id]?.manifest.contentID == file.contentID)
        #expect(store.tailCount == 0)
    }

    @Test func `an empty file is complete at once`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(declaredLength: 0, by: .everyone).id
        let file = try await engine.append(ByteBuffer(), at: 0, to: id)
        #expect(file.state == .complete)
        #expect(file.contentID == TreePeaks().root)
    }

    @Test func `a body that breaks off is kept up to its last byte`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(declaredLength: 1_000_000, by: .everyone).id
        let bytes = pattern(0..<(2 * chunk + 123))
        await #expect(throws: UploadError.bodyCut(prefix(of: bytes))) {
            try await engine.append(Append(at: 0), body: Body(bytes, breaks: true), to: id, for: .everyone)
        }
        #expect(try await engine.upload(id, for: .everyone).prefix == prefix(of: bytes))
    }

    @Test func `a body shorter than its own length was cut, even when it ended politely`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        await #expect(throws: UploadError.bodyCut(prefix(of: pattern(0..<10)))) {
            try await engine.append(
                Append(at: 0, bodyLength: 11, ending: .whole), body: Body(pattern(0..<10)), to: id, for: .everyone)
        }
        #expect(try await engine.upload(id, for: .everyone).state == .open)
    }

    @Test func `nothing past the declared length is kept, and too many bytes complete nothing`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(declaredLength: 50, by: .everyone).id
        await #expect(throws: UploadError.tooLong(declared: 50, prefix(of: pattern(0..<50)))) {
            try await engine.append(pattern(0..<60), at: 0, to: id)
        }
        #expect(try await engine.upload(id, for: .everyone).state == .open)
        #expect(try await engine.append(ByteBuffer(), at: 50, to: id).state == .complete)
    }

    @Test func `a body known to be too long is refused before it is read`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(declaredLength: 50, by: .everyone).id
        await #expect(throws: UploadError.tooLong(declared: 50, Prefix(offset: 0, digest: TreePeaks().root))) {
            try await engine.append(Append(at: 0, bodyLength: 60), body: Body(pattern(0..<60)), to: id, for: .everyone)
        }
        #expect(try await engine.upload(id, for: .everyone).offset == 0)
    }

    @Test func `a length unlike the declared one is refused`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(declaredLength: 50, by: .everyone).id
        let none = Prefix(offset: 0, digest: TreePeaks().root)
        await #expect(throws: UploadError.lengthConflict(declared: 50, none)) {
            try await engine.append(Append(at: 0, declaredLength: 51), body: Body.empty, to: id, for: .everyone)
        }
    }

    @Test func `a prefix unlike the client's is refused before its bytes are read`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        let held = try await engine.append(pattern(0..<10), at: 0, to: id).prefix
        let other = prefix(of: pattern(0..<10, seed: 1)).digest
        await #expect(throws: UploadError.prefixMismatch(held)) {
            try await engine.append(
                Append(at: 10, expectedPrefix: other), body: Body(pattern(10..<20)), to: id, for: .everyone)
        }
        let after = try await engine.append(
            Append(at: 10, expectedPrefix: held.digest), body: Body(pattern(10..<20)), to: id, for: .everyone)
        #expect(after.offset == 20)
    }

    @Test func `a body with a digest counts when it agrees`() async throws {
        let engine = Engine.ofSmallChunks()
        let bytes = pattern(0..<(5 * chunk + 9))
        let id = try await engine.begin(by: .everyone).id
        let digest = Digest(hashing: bytes.readableBytesUInt8Span)
        let upload = try await engine.append(
            Append(at: 0, bodyDigest: digest), body: Body(bytes), to: id, for: .everyone)
        #expect(upload.prefix == prefix(of: bytes))
    }

    @Test func `a body unlike its digest, or cut short of it, leaves nothing behind`() async throws {
        let store = MemoryStore()
        var limits = Limits()
        limits.batchLength = chunk
        let engine = Engine.ofSmallChunks(store: store, limits: limits)
        let bytes = pattern(0..<(5 * chunk + 9))
        let id = try await engine.begin(by: .everyone).id
        let digest = Digest(hashing: bytes.readableBytesUInt8Span)
        for body in [Body(pattern(0..<(5 * chunk + 9), seed: 3)), Body(bytes, breaks: true)] {
            await #expect(throws: UploadError.self) {
                try await engine.append(Append(at: 0, bodyDigest: digest), body: body, to: id, for: .everyone)
            }
            #expect(try await engine.upload(id, for: .everyone).offset == 0)
            #expect(store.tailCount == 0)
        }
    }

    @Test func `a file over the limit is refused with the limit`() async throws {
        var limits = Limits()
        limits.length = 1000
        let engine = Engine.ofSmallChunks(limits: limits)
        await #expect(throws: UploadError.limit(.length, 1000)) {
            try await engine.begin(declaredLength: 1001, by: .everyone)
        }
        let id = try await engine.begin(by: .everyone).id
        await #expect(throws: UploadError.limit(.length, 1000)) {
            try await engine.append(pattern(0..<1001), at: 0, to: id)
        }
        #expect(try await engine.upload(id, for: .everyone).offset == 1000)
    }

    @Test func `a request that brings nothing for too long is cut, with what it brought kept`() async throws {
        var limits = Limits()
        limits.checkpoint = .milliseconds(5)
        limits.stall = .milliseconds(50)
        let engine = Engine.ofSmallChunks(limits: limits)
        let id = try await engine.begin(by: .everyone).id
        let body = HeldBody()
        async let sent: Void = body.send(pattern(0..<77))
        await #expect(throws: UploadError.stalled(prefix(of: pattern(0..<77)))) {
            try await engine.append(Append(at: 0), body: body, to: id, for: .everyone)
        }
        await sent
    }

    @Test func `slow bytes become durable while the request still runs`() async throws {
        var limits = Limits()
        limits.checkpoint = .milliseconds(5)
        let engine = Engine.ofSmallChunks(limits: limits)
        let id = try await engine.begin(by: .everyone).id
        let body = HeldBody()
        async let append = engine.outcome(of: Append(at: 0), body: body, to: id)
        await body.send(pattern(0..<500))
        while try await engine.upload(id, for: .everyone).offset < 500 { await Task.yield() }
        body.finish()
        let offset = try await append.get().offset
        #expect(offset == 500)
    }

    @Test func `bytes after a whole chunk become durable although nothing follows them`() async throws {
        var limits = Limits()
        limits.checkpoint = .milliseconds(5)
        let engine = Engine.ofSmallChunks(limits: limits)
        let id = try await engine.begin(by: .everyone).id
        let body = HeldBody()
        async let append = engine.outcome(of: Append(at: 0), body: body, to: id)
        await body.send(pattern(0..<(chunk + 500)))
        while try await engine.upload(id, for: .everyone).offset < chunk + 500 { await Task.yield() }
        body.finish()
        let offset = try await append.get().offset
        #expect(offset == chunk + 500)
    }

    @Test func `a stop ends what runs with its bytes kept, and lets nothing new begin`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        let body = HeldBody()
        async let append = engine.outcome(of: Append(at: 0), body: body, to: id)
        await body.send(pattern(0..<300))
        await body.send(ByteBuffer())
        engine.stop()
        let outcome = await append
        #expect(outcome == .failure(.stopping(prefix(of: pattern(0..<300)))))
        await #expect(throws: UploadError.stopping(prefix(of: pattern(0..<300)))) {
            try await engine.append(pattern(300..<301), at: 300, to: id)
        }
    }

    @Test(arguments: 0..<40) func `any cuts in time and space give the same file`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let length = Int.random(in: 0...(6 * chunk), using: &random)
        let bytes = pattern(0..<length)
        var limits = Limits()
        limits.batchLength = Int.random(in: 1...(3 * chunk), using: &random)
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store, limits: limits)
        let id = try await engine.begin(declaredLength: Int64(length), by: .everyone).id
        var upload = try await engine.resume(id, for: .everyone)
        repeat {
            let offset = Int(upload.offset)
            let end = Int.random(in: offset...length, using: &random)
            let lengths = (0..<20).map { _ in Int.random(in: 0...chunk, using: &random) }
            let part = bytes.getSlice(at: offset, length: end - offset) ?? ByteBuffer()
            let body = Body(part, cutInto: lengths, breaks: Bool.random(using: &random))
            _ = try? await engine.append(Append(at: upload.offset), body: body, to: id, for: .everyone)
            upload = try await engine.resume(id, for: .everyone)
            #expect(upload.offset == Int64(end), "seed \(seed)")
        } while upload.state == .open
        #expect(upload.prefix == prefix(of: bytes), "seed \(seed)")
        #expect(try await engine.content(of: upload) == bytes, "seed \(seed)")
        #expect(store.tailCount == 0, "a tail outlived its chunk, seed \(seed)")
    }

    @Test(arguments: 0..<20) func `a cancelled request leaves a prefix of what it brought`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var limits = Limits()
        limits.batchLength = chunk
        let engine = Engine.ofSmallChunks(limits: limits)
        let id = try await engine.begin(by: .everyone).id
        let bytes = pattern(0..<(40 * chunk))
        let lengths = Array(repeating: chunk / 2, count: 80)
        let append = Task { await engine.outcome(of: Append(at: 0), body: Body(bytes, cutInto: lengths), to: id) }
        for _ in 0..<Int.random(in: 0...200, using: &random) { await Task.yield() }
        append.cancel()
        _ = await append.value
        let upload = try await engine.resume(id, for: .everyone)
        #expect(upload.prefix == prefix(of: pattern(0..<Int(upload.offset))), "seed \(seed)")
    }
}

@Suite struct `A client that is too slow` {
    @Test func `is cut, although a byte comes now and then`() async throws {
        var limits = Limits()
        limits.checkpoint = .milliseconds(5)
        limits.stall = .milliseconds(100)
        limits.stallLength = 64
        let engine = Engine.ofSmallChunks(limits: limits)
        let id = try await engine.begin(by: .everyone).id
        let body = HeldBody()
        let trickle = Task {
            for index in 0..<10_000 where !Task.isCancelled {
                await body.send(pattern(index..<(index + 1)))
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
        let outcome = await engine.outcome(of: Append(at: 0), body: body, to: id)
        trickle.cancel()
        body.finish()
        guard case .failure(.stalled(let kept)) = outcome else { throw LineDropped() }
        #expect(kept.offset > 0 && kept.offset < 64)
        #expect(kept == prefix(of: pattern(0..<Int(kept.offset))))
    }
}
