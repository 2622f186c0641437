/// How many connections send at a time: one until it is seen how fast the line is, and one more as long as the last
/// one made it faster; or as many as the user asked for.
package struct LaneCount: Hashable, Sendable {
    package private(set) var count: Int
    package let limit: Int
    /// Whether the count stays what it is.
    private let isFixed: Bool
    /// The rate before the last lane was added, in bytes a second.
    private var best = 0.0
    /// Whether the last lane has still to show that it helps.
    private var isTrying = false
    /// Measurements to wait before another lane is tried again.
    private var rest = 0
    /// What was acknowledged while every lane had work, and in what time, since the last decision.
    private var length: Int64 = 0
    private var time: Duration = .zero

    /// - Parameter limit: The most that the server finds helpful, at least 1.
    package init(limit: Int) {
        self.limit = max(1, limit)
        count = 1
        isFixed = false
    }

    /// As many as the user wants.
    package init(fixed count: Int) {
        self.count = count
        limit = count
        isFixed = true
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
        guard !isFixed else { return }
        if isSlow {
            change(to: 1)
        } else if isFast, count < Self.soon {
            change(to: min(count + 1, limit))
        }
    }

    /// Bytes that were acknowledged in `time`, while every lane had work.
    ///
    /// Acknowledgements come a body at a time, so nothing is concluded before each lane has had several.
    package mutating func measured(_ length: Int64, in time: Duration) {
        guard !isFixed, !isSlow else { return }
        self.length += length
        self.time += time
        guard self.length >= Int64(count) * Self.enough, self.time >= Self.span else { return }
        let rate = Double(self.length) / (self.time / .seconds(1))
        (self.length, self.time) = (0, .zero)
        decide(rate)
    }

    private mutating func decide(_ rate: Double) {
        guard rest == 0 else { return rest -= 1 }
        guard !isTrying || rate > best * Self.gain else {
            change(to: count - 1)
            return rest = Self.pause
        }
        best = rate
        isTrying = false
        let more = min(count + 1, limit)
        guard more > count else { return }
        change(to: more)
        isTrying = true
    }

    private mutating func change(to count: Int) {
        self.count = count
        isTrying = false
        (length, time) = (0, .zero)
    }

    /// By which factor another lane has to be faster to be kept.
    private static let gain = 1.05
    private static let pause = 20
    /// So many connections send as soon as the line is seen not to be slow.
    private static let soon = 3
    /// What each lane brings before a measurement counts, in bytes, and how long that takes at least.
    private static let enough: Int64 = 32 << 20
    private static let span: Duration = .milliseconds(500)
}
