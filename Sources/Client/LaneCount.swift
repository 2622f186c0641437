/// How many connections send at a time: one until it is seen how fast the line is, and one more as long as the last
/// one made it faster.
package struct LaneCount: Hashable, Sendable {
    package private(set) var count: Int
    package let limit: Int
    /// The best rate seen with the lanes before, in bytes a second.
    private var best = 0.0
    /// Measurements to wait before more lanes are tried again.
    private var rest = 0

    /// - Parameter limit: The most that the server finds helpful, at least 1.
    package init(first: Int, limit: Int) {
        self.limit = max(1, limit)
        count = min(max(1, first), self.limit)
    }

    /// Whether the line is so slow that a break in the middle of a chunk would cost much.
    package private(set) var isSlow = false

    /// Whether the line is so fast that several chunks may travel in one body. Not before it is seen.
    package private(set) var isFast = false

    /// A chunk's worth of bytes was brought, or broke off, after `time`.
    ///
    /// - Parameter slow: From when on the line counts as slow.
    package mutating func brought(in time: Duration, slow: Duration) {
        isSlow = time >= slow
        isFast = time < slow / 4
        if isSlow { count = 1 } else if isFast, count < Self.soon { count = min(count + 1, limit) }
    }

    /// A measurement while every lane had work.
    package mutating func measured(_ rate: Double) {
        guard !isSlow else { return }
        guard rest == 0 else { return rest -= 1 }
        guard rate > best * Self.gain else {
            best = max(best, rate)
            return rest = Self.pause
        }
        best = rate
        count = min(count + 1, limit)
    }

    /// By which factor another lane has to be faster to be followed by one more.
    private static let gain = 1.1
    private static let pause = 20
    /// So many connections send as soon as the line is seen not to be slow.
    private static let soon = 3
}
