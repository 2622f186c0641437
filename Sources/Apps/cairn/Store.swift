import ArgumentParser
import CairnEngine
import Logging

/// `cairn store`: work on a data directory that no server uses.
struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look after a data directory that no server is using.",
        subcommands: [
            Check.self, Collect.self, Rebuild.self, Backup.self, Export.self, Doctor.self,
        ])
}

extension Logger {
    /// What goes wrong, on standard error.
    static let errorsOnly: Logger = {
        var logger = Logger(label: "cairn") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }()

    /// For a command that says all of it itself.
    static let silent = Logger(label: "cairn") { _ in SwiftLogNoOpLogHandler() }
}

extension Engine {
    /// Does `work` for each complete file, the newest first.
    func forEachFile(_ work: (Upload) async throws -> Void) async throws {
        var last: UploadID?
        repeat {
            let files = try await everyFile(after: last, limit: 256)
            for file in files { try await work(file) }
            last = files.last?.id
        } while last != nil
    }
}

extension UploadError {
    /// What is wrong, and what the operator can do.
    var advice: String {
        guard case .store(let error) = self else { return "\(self)" }
        return error.advice
    }
}

extension StoreError {
    /// What is wrong, and what the operator can do.
    var advice: String {
        switch self {
        case .noSpace: "the disk is full; free some room on it"
        case .readOnly: "a sync of the disk failed; look at the disk and the system's log"
        case .damaged(let digest): "the chunk \(digest) is damaged"
        case .failed(let cause): cause
        }
    }
}
