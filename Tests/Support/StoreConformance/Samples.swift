import CairnContent
import CairnEngine
import NIOCore

/// Bytes that do not compress; the same number gives the same bytes.
func noise(_ number: UInt64, _ length: Int) -> [UInt8] {
    var state = number
    return (0..<length).map { _ in
        state &+= 0x9E37_79B9_7F4A_7C15
        let word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        return UInt8(truncatingIfNeeded: (word ^ word >> 27) >> 24)
    }
}

/// Bytes that compress well.
func lines(_ length: Int) -> [UInt8] { (0..<length).map { UInt8(truncatingIfNeeded: $0 / 40 % 7 + $0 % 5) } }

extension Entry {
    init(of bytes: [UInt8]) { self.init(digest: Digest(hashing: bytes.span), length: bytes.count) }
}

extension Tail {
    init(_ bytes: [UInt8], _ name: TailName) { self.init(entry: Entry(of: bytes), name: name) }
}

extension ChunkStore where Self: TailStore {
    /// A draft that holds `bytes`.
    func draft(_ bytes: [UInt8]) async throws -> any ChunkDraft {
        let draft = try await draft(continuing: nil)
        try await draft.append(ByteBuffer(bytes: bytes))
        return draft
    }

    /// Commits the chunk that `draft` holds.
    func keep(_ draft: any ChunkDraft, as bytes: [UInt8]) async throws {
        for verdict in await commit([VerifiedChunk(entry: Entry(of: bytes), draft: draft)], anew: false) {
            try expect(try verdict.get().entry, is: Entry(of: bytes))
        }
    }

    func keep(_ bytes: [UInt8]) async throws { try await keep(try await draft(bytes), as: bytes) }

    /// The chunk that these bytes are, as the store has it.
    func chunk(_ bytes: [UInt8]) async throws -> [UInt8]? {
        try await read(Entry(of: bytes).digest).map { Array($0.readableBytesView) }
    }

    func bytes(of tail: Tail) async throws -> [UInt8]? { try await read(tail).map { Array($0.readableBytesView) } }
}
