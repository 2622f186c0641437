import FoundationEssentials

/// A moment of wall-clock time, in whole seconds since 1970-01-01T00:00:00Z.
///
/// Only expiry and display rest on it; no rule about bytes does (spec/architecture.md, "Clocks").
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Seconds since 1970.
    public let seconds: Int64

    /// - Parameter seconds: Since 1970, negative before.
    public init(seconds: Int64) { self.seconds = seconds }

    /// The system's wall clock.
    public static func now() -> Timestamp { Timestamp(seconds: Int64(Date().timeIntervalSince1970)) }

    /// Later by whole seconds; the fraction of `duration` is dropped.
    public func advanced(by duration: Duration) -> Timestamp {
        Timestamp(seconds: seconds &+ duration.components.seconds)
    }

    /// Whether at least `age` lies between this moment and another, whichever is the later: clocks are turned back,
    /// too.
    public func isOver(_ age: Duration, at moment: Timestamp) -> Bool {
        let (difference, isFar) = moment.seconds.subtractingReportingOverflow(seconds)
        return isFar || difference.magnitude >= UInt64(max(age.components.seconds, 0))
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.seconds < right.seconds }
}
