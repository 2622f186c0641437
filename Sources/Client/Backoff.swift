/// When to try again, and when to stop trying.
public struct RetryPolicy: Hashable, Sendable {
    /// Tries in a row that may fail without any progress between them, at least 1.
    public var tries = 12
    /// The longest pause before the second try; it doubles from try to try.
    public var firstPause: Duration = .milliseconds(50)
    /// The longest pause of all, unless the server asks for more.
    public var pauseLimit: Duration = .seconds(30)
    /// The longest that the server may ask us to wait.
    public var retryAfterLimit: Duration = .seconds(600)
    /// How long nothing may move before a connection counts as broken.
    public var stall: Duration = .seconds(60)
    /// When a chunk takes so long the line is slow: then one connection sends, and resumes at the byte.
    public var slow: Duration = .milliseconds(1200)

    /// Patient: for people who wait and lines that come back.
    public init() {}
}

/// Exponential backoff with full jitter: of many clients that failed together, no two come back together.
package struct Backoff {
    private let policy: RetryPolicy
    /// Tries in a row that brought nothing.
    package private(set) var failures = 0

    package init(_ policy: RetryPolicy) { self.policy = policy }

    /// Something was achieved, so the count begins anew.
    package mutating func progressed() { failures = 0 }

    /// The pause before the next try, or nil when it was the last.
    ///
    /// - Parameter asked: What the server asked for in `Retry-After`; the pause is never shorter, within the limit.
    package mutating func pause(
        asked: Duration? = nil, using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        failures += 1
        guard failures < policy.tries else { return nil }
        let jittered = ceiling * Double.random(in: 0...1, using: &generator)
        return max(jittered, min(asked ?? .zero, policy.retryAfterLimit))
    }

    private var ceiling: Duration {
        min(policy.firstPause * (1 << min(failures - 1, 20)), policy.pauseLimit)
    }
}
