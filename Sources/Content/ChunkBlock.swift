import LZ4

/// The rule for chunks, at rest and on the wire: LZ4 when it saves at least a sixteenth and provably gives the bytes
/// back (spec/disk-format.md, "Chunk file"; spec/native.md, "One chunk").
package enum ChunkBlock {
    /// How many bytes of a chunk tell whether the rest is worth a try; a shorter chunk is simply tried.
    package static let probeLength = LZ4Block.probeLength

    /// Whether a chunk that begins so is worth a try.
    package static func pays(_ start: Span<UInt8>) -> Bool { LZ4Block.pays(start) }

    /// The block to keep or send instead of `plain`, or nil when the plain bytes are better.
    ///
    /// The block is decoded and compared: an encoder that errs, or memory that does, must not cost the chunk.
    package static func encoding(_ plain: Span<UInt8>) -> [UInt8]? {
        let saving = (plain.count + 15) / 16
        guard
            let block = LZ4Block.compress(plain, atMost: plain.count - saving),
            let decoded = LZ4Block.decompress(block.span, to: plain.count), areEqual(decoded.span, plain)
        else { return nil }
        return block
    }

    /// The chunk of `length` bytes that `block` was made of, or nil when it is no such block. The digest tells whether
    /// it is the right chunk.
    ///
    /// Takes memory for one chunk at most, and none for a length that no chunk has or no block so short can give.
    package static func decode(_ block: Span<UInt8>, to length: Int) -> [UInt8]? {
        guard (1...Entry.lengthLimit).contains(length) else { return nil }
        return LZ4Block.decompress(block, to: length)
    }

    /// Without a branch for each byte, so that the compiler compares many at a time.
    private static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
