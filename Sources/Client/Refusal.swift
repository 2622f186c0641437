/// A server's answer that is no success, as far as a client needs it.
public struct Refusal: Hashable, Sendable, CustomStringConvertible {
    /// The status code (RFC 9110, section 15).
    public let status: Int
    /// The last piece of the problem's type, such as `too-large` (RFC 9457); nil when the answer was no problem.
    public let problem: String?
    /// What the server says in words.
    public let text: String

    /// - Parameter status: From 100 to 599.
    public init(status: Int, problem: String?, text: String) {
        self.status = status
        self.problem = problem
        self.text = text
    }

    /// What the server says, and the status.
    public var description: String { text.isEmpty ? "status \(status)" : "\(text) (status \(status))" }
}

extension Refusal {
    /// What a try that got this answer has to do.
    ///
    /// - Parameter wait: What `Retry-After` asked for.
    func setback(wait: Duration?) -> Setback {
        if isPassing { return .passing(.busy(self), wait: wait) }
        switch status {
        case 401, 403: return .final(.notAllowed(self))
        case 404, 410: return .final(.notFound)
        default: return .final(.refused(self))
        }
    }

    /// Whether asking again may end otherwise.
    private var isPassing: Bool {
        problem.map(Self.passingProblems.contains) == true || Self.passingStatuses.contains(status)
    }

    /// Between two questions the upload moved, or the way to the server had a fault.
    private static let passingProblems: Set = [
        "mismatching-upload-offset", "prefix-mismatch", "taken-over", "body-cut", "stall", "digest-mismatch",
    ]

    private static let passingStatuses: Set<Int> = [408, 409, 412, 423, 425, 429, 500, 502, 503, 504, 507]
}

/// Why one try ended without success.
enum Setback: Error, Hashable, Sendable {
    /// Another try may succeed; when it was the last, the error is the result.
    case passing(ClientError, wait: Duration?)
    case final(ClientError)
}
