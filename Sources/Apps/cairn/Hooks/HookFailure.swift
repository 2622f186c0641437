/// Why a hook gave no answer, in words for the log.
enum HookFailure: Error, CustomStringConvertible {
    /// It was still running after so long.
    case tooSlow(Duration)
    /// A signal ended it.
    case signal(Int32)
    /// It answered with an HTTP status that is neither yes nor no.
    case status(UInt)

    var description: String {
        switch self {
        case .tooSlow(let limit): "no end within \(limit)"
        case .signal(let number): "ended by signal \(number)"
        case .status(let code): "status \(code)"
        }
    }
}
