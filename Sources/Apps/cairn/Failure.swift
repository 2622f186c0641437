import ArgumentParser
import CairnClient

extension ClientError {
    /// After sysexits.h, as listed in the help of `cairn`.
    var exitCode: ExitCode {
        switch self {
        case .noInput, .notFound: ExitCode(66)
        case .unavailable: ExitCode(69)
        case .failedIO, .exists: ExitCode(74)
        case .busy, .changed, .streamLost, .cancelled: ExitCode(75)
        case .refused, .notUnderstood, .wrongBytes, .tooLong: ExitCode(76)
        case .notAllowed: ExitCode(77)
        }
    }

    /// Whether the next file may fare better.
    var concernsOneFile: Bool {
        switch self {
        case .unavailable, .busy, .notAllowed, .notUnderstood, .cancelled: false
        case .refused, .notFound, .wrongBytes, .changed, .streamLost, .tooLong, .noInput, .failedIO, .exists: true
        }
    }
}

extension Console {
    /// Does `work` for each of `items`, says what failed, and goes on where that makes sense.
    ///
    /// - Returns: The exit code of the first failure, else success.
    func forEach<Item>(
        _ items: [Item], _ work: (Item) async throws(ClientError) -> Void
    ) async -> ExitCode {
        var code = ExitCode.success
        for item in items {
            do {
                try await work(item)
            } catch {
                failure(error.description)
                if code == .success { code = error.exitCode }
                guard error.concernsOneFile else { return code }
            }
        }
        return code
    }
}

extension ExitCode {
    /// Ends the command unless it is success.
    func end() throws {
        guard self == .success else { throw self }
    }
}
