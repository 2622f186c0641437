import CairnContent
import CairnEngine
import Forwarding
import NIOConcurrencyHelpers
import NIOCore
import Testing

@Suite struct `A chunk that comes` {
    private let file = Pieces(3 * 65_536)

    @Test(arguments: Dedup.allCases) func `is compared with a copy that stands only where all are trusted`(dedup: Dedup)
        async throws
    {
        let store = WatchedStore()
        let engine = Engine(store: store, ledger: MemoryLedger(), chunkSize: .minimum, dedup: dedup)
        _ = try await engine.create(
            Append(at: 0, ending: .whole), body: Body(pattern(0..<70_000, seed: 1)), by: .everyone)
        let id = try await engine.begin(naming: file)
        try await engine.put(0, of: file, to: id)
        let header = try #require(ChunkFrame(file.entries[1], codec: .plain, wireLength: 65_536)?.header)
        let frame = ByteBuffer(bytes: header + Array(file.chunk(1).readableBytesView))
        _ = try await engine.putFrames(Body(frame), bodyLength: nil, to: id, for: .everyone)
        #expect(store.commits == [dedup != .trust, dedup != .trust, dedup != .trust])
    }

    @Test func `is compared no longer once a second one may come`() async throws {
        let store = WatchedStore()
        let engine = Engine(store: store, ledger: MemoryLedger(), chunkSize: .minimum)
        let id = try await engine.begin(naming: file)
        try await engine.put(0, of: file, to: id)
        engine.demandProofs()
        try await engine.put(1, of: file, to: id)
        #expect(store.commits == [false, true])
    }
}

@Suite struct `Proofs that lie too far apart` {
    @Test func `are refused before a chunk is read or the nonce is used`() async throws {
        var limits = Limits()
        limits.segmentCount = 2
        let (owner, other, file) = (Principal("owner"), Principal("other"), Pieces(3 * 65_536))
        let engine = Engine(
            store: MemoryStore(), ledger: MemoryLedger(), limits: limits, chunkSize: .minimum, dedup: .prove)
        _ = try await engine.create(Append(at: 0, ending: .whole), body: Body(file.bytes), by: owner)
        let id = try await engine.begin(declaredLength: 3 * 65_536, by: other).id
        _ = try await engine.name(Array(file.digests[..<2]), from: 0, in: id, for: other)
        let nonce = try #require(try await engine.name([file.digests[2]], from: 2, in: id, for: other).nonce)
        let proofs = (0..<3).map { ($0, ChunkProof.hmac(nonce, over: file.chunk($0).readableBytesUInt8Span)) }
        await #expect(throws: UploadError.self) {
            try await engine.prove(nonce, [proofs[0], proofs[2]], in: id, for: other)
        }
        #expect(try await engine.missing(in: 0..<2, of: id, for: other).missing.count == 2)
        #expect(try await engine.prove(nonce, [proofs[2]], in: id, for: other).missing.count == 0)
    }
}

@Suite struct `Proofs of more bytes than are read for one request` {
    @Test func `are refused, and those of as many are taken`() async throws {
        let (owner, other) = (Principal("owner"), Principal("other"))
        let size = try #require(ChunkSize(1 << 24))
        let length = 5 << 24
        let bytes = pattern(0..<length, seed: 3)
        let engine = Engine(store: MemoryStore(), ledger: MemoryLedger(), chunkSize: size, dedup: .prove)
        _ = try await engine.create(Append(at: 0, ending: .whole), body: Body(bytes), by: owner)
        let chunks = (0..<5).map { bytes.getSlice(at: $0 << 24, length: 1 << 24)! }
        let id = try await engine.begin(declaredLength: Int64(length), by: other).id
        let digests = chunks.map(digest)
        let nonce = try #require(try await engine.name(digests, from: 0, in: id, for: other).nonce)
        let proofs = chunks.enumerated().map { ($0, ChunkProof.hmac(nonce, over: $1.readableBytesUInt8Span)) }
        await #expect(throws: UploadError.self) { try await engine.prove(nonce, proofs, in: id, for: other) }
        #expect(try await engine.prove(nonce, Array(proofs.dropLast()), in: id, for: other).missing.count == 0)
    }
}

/// Notes of each commit whether it is to be written anew.
private final class WatchedStore: ForwardingStore {
    let base = MemoryStore()
    private let seen = NIOLockedValueBox<[Bool]>([])
    var commits: [Bool] { seen.withLock { $0 } }

    func commit(_ chunks: [VerifiedChunk], anew: Bool) async -> [Result<StoredChunk, StoreError>] {
        if !chunks.isEmpty { seen.withLock { $0.append(anew) } }
        return await base.commit(chunks, anew: anew)
    }
}
