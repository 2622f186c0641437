import CairnContent
import CairnEngine
import NIOCore
import Randomness
import Testing

@Suite struct `Chunks in frames` {
    private let file = Pieces(3 * 65_536 + 100)

    private func frame(_ index: Int, saying digest: Digest? = nil) -> [UInt8] {
        let entry = Entry(digest: digest ?? file.digests[index], length: file.entries[index].length)
        let header = ChunkFrame(entry, codec: .plain, wireLength: entry.length)?.header ?? []
        return header + Array(file.chunk(index).readableBytesView)
    }

    private func put(_ body: Body, _ engine: Engine, _ id: UploadID) async throws(UploadError) -> [ChunkFrame.Verdict] {
        try await engine.putFrames(body, bodyLength: nil, to: id, for: .everyone).verdicts
    }

    @Test(arguments: 0..<20) func `are the same however the body is cut`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        let order = (0..<4).shuffled(using: &random)
        let lengths = (0..<300).map { _ in Int.random(in: 1...Int.random(in: 1...9000, using: &random), using: &random)
        }
        let body = Body(ByteBuffer(bytes: order.flatMap { frame($0) }), cutInto: lengths)
        #expect(try await put(body, engine, id) == [.kept, .kept, .kept, .kept], "seed \(seed)")
        let sealed = try await engine.complete(id, for: .everyone).file
        #expect(try await engine.content(of: sealed) == file.bytes, "seed \(seed)")
    }

    @Test func `each have their own verdict, and a bad one spoils no other`() async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        try await engine.put(1, of: file, to: id)
        let unknown = digest(of: pattern(0..<7))
        let frames = frame(0) + frame(1) + frame(2, saying: file.digests[0]) + frame(2, saying: unknown) + frame(3)
        let verdicts = try await put(Body(ByteBuffer(bytes: frames)), engine, id)
        #expect(verdicts == [.kept, .had, .had, .refused, .kept])
        #expect(try await engine.missing(in: 0..<4, of: id, for: .everyone).missing.ranges == "2")
        var spoiled = frame(2)
        spoiled[5000] ^= 1
        #expect(try await put(Body(ByteBuffer(bytes: spoiled + frame(2))), engine, id) == [.wrongBytes, .kept])
    }

    @Test(arguments: [0, 1, 40, 41, 42, 100, 141]) func `that are whole are kept when the body breaks`(cut: Int)
        async throws
    {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        let bytes = frame(3) + Array(frame(0).prefix(cut))
        await #expect(throws: UploadError.self) {
            try await engine.putFrames(
                Body(ByteBuffer(bytes: bytes), breaks: true), bodyLength: nil, to: id, for: .everyone)
        }
        #expect(try await engine.missing(in: 0..<4, of: id, for: .everyone).missing.ranges == "0-2")
    }

    @Test(arguments: [(0, 0, 0), (100, 101, 0), (100, 100, 1), (100, 99, 2), (1 << 30, 1 << 30, 0), (100, 0, 1)])
    func `of lengths that no chunk has end the body`(plain: UInt32, wire: UInt32, codec: UInt8) async throws {
        let engine = Engine.ofSmallChunks()
        let id = try await engine.begin(naming: file)
        var bad = ByteBuffer(bytes: frame(3))
        bad.writeBytes(file.digests[0].bytes)
        bad.writeInteger(plain)
        bad.writeInteger(wire)
        bad.writeInteger(codec)
        bad.writeBytes(Array(repeating: 1 as UInt8, count: 200))
        await #expect(throws: UploadError.self) { try await put(Body(bad), engine, id) }
        #expect(try await engine.missing(in: 0..<4, of: id, for: .everyone).missing.ranges == "0-2")
    }

    @Test func `may be LZ4 blocks, which are verified as what they hold`() async throws {
        let engine = Engine.ofSmallChunks()
        let plain = ByteBuffer(bytes: Array(repeating: 7 as UInt8, count: 65_536))
        let entry = Entry(digest: digest(of: plain), length: 65_536)
        guard let block = ChunkBlock.encoding(plain.readableBytesUInt8Span) else { throw LineDropped() }
        let id = try await engine.begin(declaredLength: 65_536, by: .everyone).id
        _ = try await engine.name([entry.digest], from: 0, in: id, for: .everyone)
        for bad in [Array(block.dropLast()), block + [0], block.map { $0 ^ 1 }] {
            let put = Put(entry.digest, codec: .lz4)
            await #expect(throws: UploadError.self) {
                try await engine.put(put, body: Body(ByteBuffer(bytes: bad)), to: id, for: .everyone)
            }
        }
        let unlike = Put(entry.digest, codec: .lz4, bodyDigest: entry.digest)
        await #expect(throws: UploadError.self) {
            try await engine.put(unlike, body: Body(ByteBuffer(bytes: block)), to: id, for: .everyone)
        }
        let header = try #require(ChunkFrame(entry, codec: .lz4, wireLength: block.count)).header
        #expect(try await put(Body(ByteBuffer(bytes: header + block)), engine, id) == [.kept])
        #expect(try await engine.content(of: engine.complete(id, for: .everyone).file) == plain)
    }
}
