import Hashing
import LZ4
import NIOCore

/// The rule for chunks at rest: LZ4 when it saves at least a sixteenth and provably gives the bytes back.
enum ChunkBlock {
    /// How many bytes of a chunk tell whether the rest is worth a try; a shorter chunk is simply tried.
    static let probeLength = LZ4Block.probeLength

    /// Whether a chunk that begins so is worth a try.
    static func pays(_ start: ByteBuffer) -> Bool { LZ4Block.pays(start.readableBytesUInt8Span) }

    /// The block to keep instead of `plain`, or nil when the plain bytes are to be kept.
    ///
    /// The block is decoded and compared: an encoder that errs, or memory that does, must not cost the chunk.
    static func encoding(_ plain: ByteBuffer) -> [UInt8]? {
        let saving = (plain.readableBytes + 15) / 16
        guard
            let block = LZ4Block.compress(plain.readableBytesUInt8Span, atMost: plain.readableBytes - saving),
            let decoded = LZ4Block.decompress(block.span, to: plain.readableBytes),
            areEqual(decoded.span, plain.readableBytesUInt8Span)
        else { return nil }
        return block
    }

    /// Without a branch for each byte, so that the compiler compares many at a time.
    private static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
