import CairnContent
import NIOCore

/// Takes the bytes of one chunk that is named, as they come or as a block, and verifies that they are it.
struct ChunkReceiver: ~Copyable {
    private let entry: Entry
    private let codec: ChunkFrame.Codec
    private let bodyDigest: Digest?
    private var writer: ChunkWriter
    private var chunk: VerifiedChunk?
    /// The block so far: shorter than the chunk, so it is bounded as that is.
    private var block = ByteBuffer()
    private var length = 0

    /// - Parameter bodyDigest: What the bytes come to as they travel, when that was said.
    init(
        _ entry: Entry, _ codec: ChunkFrame.Codec, store: any Store, chunkSize: ChunkSize, bodyDigest: Digest? = nil
    ) {
        self.entry = entry
        self.bodyDigest = bodyDigest
        self.codec = codec
        writer = ChunkWriter(store: store, chunkSize: chunkSize)
    }

    /// Takes `bytes`; false when with them it is more than the chunk can be.
    mutating func take(_ bytes: ByteBuffer) async throws(StoreError) -> Bool {
        length += bytes.readableBytes
        guard length <= (codec == .plain ? entry.length : entry.length - 1) else { return false }
        guard codec == .plain else {
            block.writeImmutableBuffer(bytes)
            return true
        }
        var rest = bytes
        while rest.readableBytes > 0 { chunk = try await writer.take(from: &rest) }
        return true
    }

    /// The chunk, when what came is exactly it; else what came was.
    consuming func finish() -> Result<VerifiedChunk, WrongBytes> {
        guard codec == .plain else { return decoded() }
        guard let chunk = chunk ?? writer.close() else { return .failure(WrongBytes(actual: ContentHasher().digest())) }
        let isRight = chunk.entry == entry && bodyDigest ?? entry.digest == entry.digest
        return isRight ? .success(chunk) : .failure(WrongBytes(actual: chunk.entry.digest))
    }

    private func decoded() -> Result<VerifiedChunk, WrongBytes> {
        let travelled = bodyDigest.map { ($0, Digest(hashing: block.readableBytesUInt8Span)) }
        if let (said, actual) = travelled, said != actual { return .failure(WrongBytes(actual: actual)) }
        guard let plain = ChunkBlock.decode(block.readableBytesUInt8Span, to: entry.length) else {
            return .failure(WrongBytes(actual: Digest(hashing: block.readableBytesUInt8Span)))
        }
        let digest = Digest(hashing: plain.span)
        guard digest == entry.digest else { return .failure(WrongBytes(actual: digest)) }
        return .success(VerifiedChunk(entry: entry, source: .block(block)))
    }

    /// The bytes have this digest, not the chunk's.
    struct WrongBytes: Error {
        let actual: Digest
    }
}
