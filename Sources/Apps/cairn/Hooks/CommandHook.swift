import CairnServer
import Foundation
import Subprocess
import SystemPackage

/// A hook that is an executable: JSON on its standard input, the same in variables, and a time limit.
///
/// It exits with 0 to allow; otherwise the first line that it prints says why not.
struct CommandHook: Sendable {
    let path: String
    let limit: Duration

    /// The most that it may print, in bytes; with more it counts as failed.
    private static let outputLimit = 1 << 16
    /// The most that a client is told of it, in bytes.
    private static let reasonLength = 1024

    /// Throws when it gives no answer: it cannot be started, prints too much, is too slow, or is ended by a signal.
    func run(_ event: HookEvent) async throws -> UploadHooks.Verdict {
        let input = Pipe()
        // Far less than a pipe holds, and before there is a reader that could be gone.
        try input.fileHandleForWriting.write(contentsOf: Data("\(event.json)\n".utf8))
        try input.fileHandleForWriting.close()
        let (status, output) = try await end(event, input.fileHandleForReading)
        switch status {
        case .exited(0): return .allowed
        case .exited: return .refused(Self.firstLine(output))
        case .signaled(let number): throw HookFailure.signal(number)
        }
    }

    /// How it ended by itself, and what it printed.
    private func end(_ event: HookEvent, _ input: FileHandle) async throws -> (TerminationStatus, output: [UInt8]) {
        var variables: [Environment.Key: String] = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        ]
        for (name, value) in event.variables { variables[Environment.Key(stringLiteral: name)] = value }
        return try await withThrowingTaskGroup(
            of: (TerminationStatus, output: [UInt8]).self
        ) { [path, limit, variables] group in
            // Cancelled, it kills what it runs and waits for its end.
            group.addTask {
                let result = try await Subprocess.run(
                    .path(FilePath(path)), environment: .custom(variables),
                    input: .fileDescriptor(
                        FileDescriptor(rawValue: input.fileDescriptor), closeAfterSpawningProcess: false),
                    output: .bytes(limit: Self.outputLimit), error: .currentStandardError)
                return (result.terminationStatus, result.standardOutput)
            }
            group.addTask {
                // The limit itself; cancelled when the hook ends first.
                try await Task.sleep(for: limit)
                throw HookFailure.tooSlow(limit)
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    private static func firstLine(_ output: [UInt8]) -> String {
        String(decoding: output.prefix(reasonLength).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
