import CairnContent
import CairnEngine
import NIOCore
import Randomness
import Testing

/// A file of whole chunks and a rest, as a client of the native protocol sees it.
struct Pieces: Sendable {
    let bytes: ByteBuffer
    let entries: [Entry]

    init(_ length: Int, seed: UInt8 = 0) {
        bytes = pattern(0..<length, seed: seed)
        var rest = bytes
        var entries: [Entry] = []
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(65_536, rest.readableBytes)) {
            entries.append(Entry(digest: digest(of: piece), length: piece.readableBytes))
        }
        self.entries = entries
    }

    var digests: [Digest] { entries.map(\.digest) }

    func chunk(_ index: Int) -> ByteBuffer {
        bytes.getSlice(at: index * 65_536, length: entries[index].length) ?? ByteBuffer()
    }
}

extension Engine {
    /// An upload of this length that names all of the file.
    func begin(naming pieces: Pieces) async throws -> UploadID {
        let id = try await begin(declaredLength: Int64(pieces.bytes.readableBytes), by: .everyone).id
        _ = try await name(pieces.digests, from: 0, in: id, for: .everyone)
        return id
    }

    @discardableResult
    func put(_ index: Int, of pieces: Pieces, to id: UploadID) async throws(UploadError) -> Bool {
        let chunk = pieces.chunk(index)
        let put = Put(pieces.digests[index], bodyLength: Int64(chunk.readableBytes))
        return try await self.put(put, body: Body(chunk), to: id, for: .everyone).wasThere
    }
}

@Suite struct `An upload whose entries are named` {
    private let file = Pieces(5 * 65_536 + 100)

    @Test(arguments: 0..<20) func `is the same file whatever the order and the number of hands`(seed: UInt64)
        async throws
    {
        var random = SeededGenerator(seed: seed)
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        let order = (0..<6).shuffled(using: &random)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in [order.prefix(3), order.suffix(3)] {
                group.addTask { for index in part { try await engine.put(index, of: file, to: id) } }
            }
            try await group.waitForAll()
        }
        let (sealed, isNew) = try await engine.complete(id, contentID: prefix(of: file.bytes).digest, for: .everyone)
        #expect(isNew && sealed.prefix == prefix(of: file.bytes), "seed \(seed)")
        #expect(try await engine.content(of: sealed) == file.bytes, "seed \(seed)")
        #expect(try await engine.complete(id, for: .everyone).isNew == false)
    }

    @Test func `tells which entries are missing, and nothing of them is asked for twice`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        try await engine.put(3, of: file, to: id)
        #expect(try await engine.put(3, of: file, to: id), "it is there already")
        let segment = try await engine.missing(in: 1..<100, of: id, for: .everyone)
        #expect(segment.missing.ranges == "1-2,4-5" && segment.missing.range == 1..<6)
        await #expect(
            throws: UploadError.incomplete(MissingIndices([0, 1, 2, 4, 5], in: 0..<6), prefix(of: ByteBuffer()))
        ) {
            try await engine.complete(id, for: .everyone)
        }
    }

    @Test func `has at once what the store has`() async throws {
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store)
        let whole = Append(at: 0, ending: .whole)
        _ = try await engine.create(whole, body: Body(file.bytes), by: .everyone)
        let id = try await engine.begin(naming: file)
        #expect(try await engine.upload(id, for: .everyone).prefix == prefix(of: file.bytes))
        // Unless it is lost, which is noticed before it is relied on.
        store.damage(file.digests[2], with: nil)
        let other = try await engine.begin(naming: file)
        #expect(try await engine.missing(in: 0..<6, of: other, for: .everyone).missing.ranges == "2")
    }

    @Test func `may be named in segments, and again`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        for range in [0..<2, 1..<3, 0..<3, 3..<5] {
            _ = try await engine.name(Array(file.digests[range]), from: range.lowerBound, in: id, for: .everyone)
        }
        let end = Int64(file.bytes.readableBytes)
        _ = try await engine.name([file.digests[5]], from: 5, end: end, in: id, for: .everyone)
        let upload = try await engine.upload(id, for: .everyone)
        #expect(upload.entryCount == 6 && upload.declaredLength == end)
        for index in 0..<6 { try await engine.put(index, of: file, to: id) }
        #expect(try await engine.complete(id, for: .everyone).file.prefix == prefix(of: file.bytes))
    }

    @Test(
        arguments: [
            (4, 1, nil), (0, 7, nil), (0, 5, 327_780), (2, 5, 327_781), (3, 1, 65_536 * 3 - 1),
        ] as [(Int, Int, Int64?)])
    func `refuses entries that no manifest can have there`(index: Int, count: Int, end: Int64?) async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(declaredLength: 327_780, by: .everyone).id
        _ = try await engine.name(Array(file.digests.prefix(3)), from: 0, in: id, for: .everyone)
        let digests = (0..<count).map { file.digests[min(index + $0, 5)] }
        await #expect(throws: UploadError.self) {
            try await engine.name(digests, from: index, end: end, in: id, for: .everyone)
        }
        #expect(try await engine.upload(id, for: .everyone).entryCount == 3)
    }

    @Test func `finds the first entry in which a file has changed`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        var changed = file.digests
        changed[3] = file.digests[0]
        await #expect(throws: UploadError.manifestConflict(index: 3, prefix(of: ByteBuffer()))) {
            try await engine.name(changed, from: 0, in: id, for: .everyone)
        }
    }

    @Test func `keeps nothing of wrong bytes`() async throws {
        let store = MemoryStore()
        let engine = Engine.ofSmallChunks(store: store)
        let id = try await engine.begin(naming: file)
        for wrong in [file.chunk(1), file.chunk(5), ByteBuffer(), pattern(0..<65_537)] {
            await #expect(throws: UploadError.self) {
                try await engine.put(Put(file.digests[0]), body: Body(wrong), to: id, for: .everyone)
            }
        }
        await #expect(throws: UploadError.notInManifest(prefix(of: ByteBuffer()))) {
            try await engine.put(Put(digest(of: pattern(0..<9))), body: Body(pattern(0..<9)), to: id, for: .everyone)
        }
        #expect(store.chunkCount == 0)
        #expect(try await engine.missing(in: 0..<6, of: id, for: .everyone).missing.count == 6)
    }

    @Test func `keeps nothing of bytes that travelled otherwise than was said`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        let right = file.digests[0]
        for (said, isKept) in [(file.digests[1], false), (right, true)] {
            let put = Put(right, bodyDigest: said)
            let kept = try? await engine.put(put, body: Body(file.chunk(0)), to: id, for: .everyone)
            #expect((kept != nil) == isKept)
        }
    }

    @Test func `asks again for what was lost, whoever lost it`() async throws {
        let (store, ledger) = (MemoryStore(), MemoryLedger())
        let engine = Engine.ofSmallChunks(store: store, ledger: ledger)
        let id = try await engine.begin(naming: file)
        for index in [0, 1, 3, 4] { try await engine.put(index, of: file, to: id) }
        for index in [1, 3] { store.damage(file.digests[index], with: nil) }
        let restarted = Engine.ofSmallChunks(store: store, ledger: ledger)
        #expect(try await restarted.resume(id, for: .everyone).offset == 65_536)
        #expect(try await restarted.missing(in: 0..<6, of: id, for: .everyone).missing.ranges == "1-3,5")
        for index in [1, 2, 3, 5] { try await restarted.put(index, of: file, to: id) }
        let sealed = try await restarted.complete(id, for: .everyone).file
        #expect(try await restarted.content(of: sealed) == file.bytes)
    }

    @Test func `is not sealed as another file than is declared`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        for index in 0..<6 { try await engine.put(index, of: file, to: id) }
        let wrong = digest(of: file.bytes)
        await #expect(throws: UploadError.self) { try await engine.complete(id, contentID: wrong, for: .everyone) }
        await #expect(throws: UploadError.self) { try await engine.complete(id, length: 5, for: .everyone) }
        #expect(try await engine.upload(id, for: .everyone).state == .open)
    }
}

@Suite struct `Bytes in order and chunks in any` {
    private let file = Pieces(5 * 65_536 + 100)
    private let key = UploadKey("a", of: .everyone)

    @Test func `a sequential body passes over chunks that are there`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        for index in [1, 2, 4] { try await engine.put(index, of: file, to: id) }
        let first = try await engine.append(file.chunk(0), at: 0, to: id)
        #expect(first.offset == 3 * 65_536, "it jumps ahead")
        let rest = file.bytes.getSlice(at: 3 * 65_536, length: 2 * 65_536 + 100) ?? ByteBuffer()
        let sealed = try await engine.append(rest, at: 3 * 65_536, to: id)
        #expect(sealed.state == .complete && sealed.prefix == prefix(of: file.bytes))
    }

    @Test func `a sequential body of another file is kept as far as it agrees`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        var other = file.chunk(0)
        var wrong = pattern(0..<65_536, seed: 9)
        other.writeBuffer(&wrong)
        await #expect(throws: UploadError.manifestConflict(index: 1, prefix(of: file.chunk(0)))) {
            try await engine.append(other, at: 0, to: id)
        }
        #expect(try await engine.resume(id, for: .everyone).prefix == prefix(of: file.chunk(0)))
    }

    @Test(arguments: 0..<40) func `any mixture, cut anywhere, gives the same file`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = MemoryStore()
        var limits = Limits()
        limits.batchLength = Int.random(in: 1...200_000, using: &random)
        let engine = Engine.ofSmallChunks(store: store, limits: limits)
        let length = file.bytes.readableBytes
        let id = try await engine.begin(declaredLength: Int64(length), by: .everyone).id
        var highest: Int64 = 0
        var upload = try await engine.resume(id, for: .everyone)
        for _ in 0..<200 where upload.state == .open {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let first = Int.random(in: 0...upload.entryCount, using: &random)
                let end = Int.random(in: first...6, using: &random)
                _ = try await engine.name(Array(file.digests[first..<end]), from: first, in: id, for: .everyone)
            case 1 where upload.entryCount > 0:
                try await engine.put(Int.random(in: 0..<upload.entryCount, using: &random), of: file, to: id)
            default:
                let start = Int(upload.offset)
                let end = Int.random(in: start...min(length, start + 150_000), using: &random)
                let body = Body(
                    file.bytes.getSlice(at: start, length: end - start) ?? ByteBuffer(), cutInto: [1000, 65_536],
                    breaks: Bool.random(using: &random))
                _ = try? await engine.append(Append(at: upload.offset), body: body, to: id, for: .everyone)
            }
            upload = try await engine.resume(id, for: .everyone)
            #expect(upload.offset >= highest, "seed \(seed)")
            highest = upload.offset
            #expect(upload.prefix == prefix(of: pattern(0..<Int(upload.offset))), "seed \(seed)")
        }
        let sealed = upload.state == .complete ? upload : try await engine.complete(id, for: .everyone).file
        #expect(try await engine.content(of: sealed) == file.bytes, "seed \(seed)")
        #expect(store.tailCount == 0, "a tail outlived its chunk, seed \(seed)")
    }

    @Test func `an upload with a tail at its end is complete when asked`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(by: .everyone).id
        _ = try await engine.append(file.bytes, at: 0, to: id)
        let contentID = prefix(of: file.bytes).digest
        let length = Int64(file.bytes.readableBytes)
        let sealed = try await engine.complete(id, length: length, contentID: contentID, for: .everyone).file
        #expect(sealed.state == .complete && sealed.contentID == contentID)
        #expect(try await engine.content(of: sealed) == file.bytes)
    }

    @Test func `a newer append cuts those that bring chunks, and they come again`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        let body = HeldBody()
        let put = Put(file.digests[0], bodyLength: 65_536)
        async let older = engine.outcome(of: put, body: body, to: id)
        await body.send(pattern(0..<1000))
        #expect(try await engine.append(file.chunk(0), at: 0, to: id).offset == 65_536)
        let outcome = await older
        #expect(outcome == .failure(.takenOver))
        #expect(try await engine.put(0, of: file, to: id))
    }
}

extension Engine {
    fileprivate func outcome(of put: Put, body: HeldBody, to id: UploadID) async -> Result<Bool, UploadError> {
        do { return .success(try await self.put(put, body: body, to: id, for: .everyone).wasThere) } catch {
            return .failure(error)
        }
    }
}

@Suite struct `A file that is here already` {
    private let file = Pieces(2 * 65_536 + 1)
    private let key = UploadKey("a", of: .everyone)

    private func engineWithFile(_ dedup: Dedup = .trust) async throws -> (Engine, Upload, MemoryStore) {
        let store = MemoryStore()
        let engine = Engine(store: store, ledger: MemoryLedger(), chunkSize: .minimum, dedup: dedup)
        let whole = Append(at: 0, ending: .whole)
        return (engine, try await engine.create(whole, body: Body(file.bytes), by: .everyone), store)
    }

    @Test func `completes an upload at once, under a name of its own`() async throws {
        let (engine, first, store) = try await engineWithFile()
        let offer = Offer(Metadata(name: "b"), key: key, contentID: first.contentID)
        let (copy, isNew) = try await engine.begin(offer, by: .everyone)
        #expect(!isNew && copy.state == .complete && copy.id != first.id && copy.metadata.name == "b")
        #expect(try await engine.content(of: copy) == file.bytes)
        #expect(store.records[copy.id]?.manifest.contentID == first.contentID)
        #expect(try await engine.begin(offer, by: .everyone).upload.id == copy.id)
        try await engine.cancel(first.id, for: .everyone)
        #expect(try await engine.content(of: copy) == file.bytes)
    }

    @Test func `is not given to another, nor for its id alone in mode off`() async throws {
        for dedup in [Dedup.trust, .off] {
            let (engine, first, _) = try await engineWithFile(dedup)
            let by = dedup == .off ? Principal.everyone : Principal("other")
            let (upload, isNew) = try await engine.begin(Offer(contentID: first.contentID), by: by)
            #expect(isNew && upload.state == .open)
        }
    }

    @Test func `is sent again when a chunk of it is lost`() async throws {
        let (engine, first, store) = try await engineWithFile()
        store.damage(file.digests[1], with: nil)
        let (upload, isNew) = try await engine.begin(Offer(contentID: first.contentID), by: .everyone)
        #expect(isNew && upload.state == .open)
    }

    @Test func `is found by the client's own name, unless the client says that its is another`() async throws {
        let engine = Engine.ofSmallChunks()
        let begun = try await engine.begin(Offer(length: 9, key: key), by: .everyone)
        #expect(begun.isNew)
        #expect(try await engine.begin(Offer(length: 9, key: key), by: .everyone).upload.id == begun.upload.id)
        let other = try await engine.begin(Offer(length: 8, key: key), by: .everyone)
        #expect(other.isNew && other.upload.id != begun.upload.id)
        await #expect(throws: UploadError.gone) { try await engine.upload(begun.upload.id, for: .everyone) }
        let anew = try await engine.begin(Offer(length: 8, key: key, startsOver: true), by: .everyone)
        #expect(anew.isNew && anew.upload.id != other.upload.id)
        #expect(try await engine.upload(named: key, for: .everyone)?.id == anew.upload.id)
    }

    @Test func `that is finished outlives the upload that takes its name`() async throws {
        let engine = Engine.ofSmallChunks()
        let whole = Append(at: 0, declaredLength: 5)
        let first = try await engine.append(whole, body: Body(pattern(0..<5)), named: key, for: .everyone)
        let anew = try await engine.begin(Offer(length: 5, key: key, startsOver: true), by: .everyone)
        #expect(anew.isNew)
        #expect(try await engine.upload(first.id, for: .everyone).state == .complete)
    }
}

@Suite struct `One who has not brought a chunk` {
    private let file = Pieces(3 * 65_536)
    private let owner = Principal("owner")
    private let other = Principal("other")

    private func proving() async throws -> (Engine, UploadID, Segment) {
        let engine = Engine(store: MemoryStore(), ledger: MemoryLedger(), chunkSize: .minimum, dedup: .prove)
        let whole = Append(at: 0, ending: .whole)
        let held = file.bytes.getSlice(at: 0, length: 2 * 65_536) ?? ByteBuffer()
        _ = try await engine.create(whole, body: Body(held), by: owner)
        let id = try await engine.begin(declaredLength: 3 * 65_536, by: other).id
        return (engine, id, try await engine.name(file.digests, from: 0, in: id, for: other))
    }

    private func proof(_ index: Int, _ nonce: [UInt8], of pieces: Pieces) -> (index: Int, hmac: Digest) {
        (index, ChunkProof.hmac(nonce, over: pieces.chunk(index).readableBytesUInt8Span))
    }

    @Test func `is told nothing of it, and need not send it once it has proven to hold it`() async throws {
        let (engine, id, segment) = try await proving()
        #expect(segment.missing.ranges == "0-2")
        let nonce = try #require(segment.nonce)
        let proofs = (0..<3).map { proof($0, nonce, of: file) }
        let proven = try await engine.prove(nonce, proofs, in: id, for: other)
        #expect(proven.missing.ranges == "2", "the last one nobody has")
    }

    @Test func `gets nothing for a wrong, a replayed or a stranger's proof`() async throws {
        let (engine, id, segment) = try await proving()
        let nonce = try #require(segment.nonce)
        let wrong = Pieces(3 * 65_536, seed: 1)
        #expect(try await engine.prove(nonce, [proof(0, nonce, of: wrong)], in: id, for: other).missing.count == 1)
        // Used up by the wrong one.
        #expect(try await engine.prove(nonce, [proof(0, nonce, of: file)], in: id, for: other).missing.count == 1)
        let own = [UInt8](repeating: 7, count: 16)
        #expect(try await engine.prove(own, [proof(0, own, of: file)], in: id, for: other).missing.count == 1)
        await #expect(throws: UploadError.unknownUpload) {
            try await engine.prove(nonce, [proof(0, nonce, of: file)], in: id, for: owner)
        }
    }

    @Test func `knows its own`() async throws {
        let (engine, _, _) = try await proving()
        let id = try await engine.begin(declaredLength: 3 * 65_536, by: owner).id
        #expect(try await engine.name(file.digests, from: 0, in: id, for: owner).missing.ranges == "2")
    }
}
