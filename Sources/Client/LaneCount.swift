/// How many connections send at a time: one more as long as the last one made it faster.
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

    /// A measurement while every lane had work.
    package mutating func measured(_ rate: Double) {
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
}
