/// A transfer's progress in one line: how much, how fast, how long still.
package struct ProgressLine: Sendable {
    /// Seconds over which the rate is taken: short enough to follow, long enough not to jump.
    private static let span: Duration = .seconds(10)

    private let name: String
    private var samples: [(time: Duration, offset: Int64)] = []

    package init(name: String) { self.name = name }

    /// The line to show when `offset` bytes are acknowledged.
    ///
    /// - Parameters:
    ///   - length: Of the whole file in bytes; nil while unknown.
    ///   - time: Since any fixed moment.
    package mutating func text(offset: Int64, of length: Int64?, at time: Duration) -> String {
        if let last = samples.last, last.offset > offset { samples = [] }
        samples.append((time, offset))
        samples.removeAll { time - $0.time > Self.span }
        let rate = rate
        let amount = length.map { "\(Self.percent(offset, of: $0))  \(Self.bytes(offset)) of \(Self.bytes($0))" }
        let speed = rate.map { "  \(Self.bytes($0))/s" } ?? ""
        return "\(name)  \(amount ?? Self.bytes(offset))\(speed)\(timeLeft(offset, length, rate))"
    }

    /// Bytes a second over the span; nil as long as there is nothing to compare.
    private var rate: Int64? {
        guard let first = samples.first, let last = samples.last, last.time > first.time else { return nil }
        return Int64(Double(last.offset - first.offset) / ((last.time - first.time) / .seconds(1)))
    }

    private func timeLeft(_ offset: Int64, _ length: Int64?, _ rate: Int64?) -> String {
        guard let length, let rate, rate > 0, length > offset else { return "" }
        return "  \(Self.time((length - offset) / rate)) left"
    }
}

extension ProgressLine {
    /// Whole percent, never 100 before the end.
    package static func percent(_ offset: Int64, of length: Int64) -> String {
        guard length > 0 else { return "100 %" }
        return "\(Int(Double(offset) / Double(length) * 100)) %"
    }

    /// A length in the largest unit that leaves a number of one or more, with a digit behind the point below ten.
    package static func bytes(_ length: Int64) -> String {
        var value = Double(length)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        let tenths = Int64(value * 10)
        let isWhole = unit == 0 || tenths >= 100
        return "\(isWhole ? "\(Int64(value))" : "\(tenths / 10).\(tenths % 10)") \(units[unit])"
    }

    private static let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]

    /// Seconds as hours, minutes and seconds, the two largest of them.
    package static func time(_ seconds: Int64) -> String {
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }
}
