/// The length of every chunk of a manifest but the last: a power of two from 64 KiB to 16 MiB (spec/manifest.md).
public struct ChunkSize: Hashable, Sendable {
    /// In bytes.
    public let length: Int

    /// 64 KiB. Smaller chunks cost more requests than they save bytes.
    public static let minimum = ChunkSize(shift: 16)
    /// 4 MiB, unless a namespace says otherwise.
    public static let standard = ChunkSize(shift: 22)
    /// 16 MiB: what one chunk may take of memory, everywhere.
    public static let maximum = ChunkSize(shift: 24)

    /// The chunk size of `length` bytes, or nil unless that is a power of two between `minimum` and `maximum`.
    public init?(_ length: Int) {
        let isInRange = (Self.minimum.length...Self.maximum.length).contains(length)
        guard isInRange, length.nonzeroBitCount == 1 else { return nil }
        self.length = length
    }

    private init(shift: Int) {
        length = 1 << shift
    }
}

extension ChunkSize: Comparable {
    public static func < (left: ChunkSize, right: ChunkSize) -> Bool { left.length < right.length }
}
