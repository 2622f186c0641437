/// A random source that repeats: a failing test names its argument, and that is all it takes to run it again.
struct Seed: RandomNumberGenerator, CustomStringConvertible, Sendable {
    /// Three that never change and one that is new in every run.
    static let some = [Seed(1), Seed(2), Seed(3), Seed(.random(in: 0...UInt64.max))]

    private let value: UInt64
    private var state: UInt64

    init(_ value: UInt64) {
        self.value = value
        state = value
    }

    var description: String { "Seed(\(value))" }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
