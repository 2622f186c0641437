import CLZ4

/// One chunk as one LZ4 block: no frame, no length, no checksum; whoever keeps the block keeps those beside it.
///
/// The empty chunk does not exist, so neither does its block.
public enum LZ4Block {
    /// How many of the first bytes `pays` looks at.
    public static let probeLength = 64 * 1024

    /// The block of `bytes` when it is at most `limit` bytes long, else nil.
    ///
    /// The encoder gives up as soon as the limit is out of reach, so bytes that do not compress cost little.
    public static func compress(_ bytes: Span<UInt8>, atMost limit: Int) -> [UInt8]? {
        guard bytes.count > 0, bytes.count <= LZ4_MAX_INPUT_SIZE, limit > 0 else { return nil }
        let capacity = min(limit, bytes.count + bytes.count / expansionLimit + 16)
        let block = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { block, count in
            count = unsafe bytes.withUnsafeBytes { bytes in
                // 0, and so no block, when it does not fit.
                Int(unsafe LZ4_compress_fast(start(bytes), start(block), Int32(bytes.count), Int32(capacity), 1))
            }
        }
        return block.isEmpty ? nil : block
    }

    /// The plain bytes of `block` when they are exactly `length`, else nil: it is damaged, or the block of other bytes.
    ///
    /// Neither reads nor writes outside the two. A length that no block so short can have is refused before memory is
    /// taken.
    public static func decompress(_ block: Span<UInt8>, to length: Int) -> [UInt8]? {
        guard length > 0, length <= LZ4_MAX_INPUT_SIZE, block.count <= Int(Int32.max),
            length / expansionLimit <= block.count
        else { return nil }
        let plain = unsafe [UInt8](unsafeUninitializedCapacity: length) { plain, count in
            let written = unsafe block.withUnsafeBytes { block in
                unsafe LZ4_decompress_safe(start(block), start(plain), Int32(block.count), Int32(length))
            }
            count = max(0, Int(written))
        }
        return plain.count == length ? plain : nil
    }

    /// Whether bytes that begin with `sample` are worth compressing: its first 64 KiB shrink by a sixteenth or more.
    public static func pays(_ sample: Span<UInt8>) -> Bool {
        let probe = sample.extracting(first: probeLength)
        return compress(probe, atMost: probe.count - probe.count / 16) != nil
    }

    /// A byte of a block stands for at most 255 plain bytes, and 255 plain bytes add at most one byte to their block.
    private static let expansionLimit = 255

    private static func start(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
        unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    }

    private static func start(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> UnsafeMutablePointer<CChar>? {
        unsafe UnsafeMutableRawBufferPointer(bytes).baseAddress?.assumingMemoryBound(to: CChar.self)
    }
}
