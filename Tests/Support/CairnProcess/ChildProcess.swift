public import Foundation
import NIOConcurrencyHelpers
import Subprocess
import SystemPackage

/// A command that runs beside the test.
public final class ChildProcess: Sendable {
    public let processIdentifier: Int32
    private let status: NIOLockedValueBox<Int32?>
    private let ending: Task<Int32, any Error>

    /// Starts what lies at `executable`, or is found under that name, and returns when it runs.
    ///
    /// - Parameters:
    ///   - environment: All of its variables; the test's own by default.
    ///   - input: Nil gives it an empty one.
    public init(
        _ executable: String, _ arguments: [String], environment: [String: String]? = nil, input: FileHandle? = nil,
        output: FileHandle, errors: FileHandle
    ) async throws {
        let input = try input ?? FileHandle(forReadingFrom: URL(filePath: "/dev/null"))
        let status = NIOLockedValueBox<Int32?>(nil)
        let (started, start) = AsyncStream<Int32>.makeStream()
        let ending = Task {
            defer { start.finish() }
            let result = try await Subprocess.run(
                Executable(place: executable), arguments: Arguments(arguments),
                environment: environment.map { .custom($0.keyed) } ?? .inherit,
                input: .fileDescriptor(input.descriptor, closeAfterSpawningProcess: false),
                output: .fileDescriptor(output.descriptor, closeAfterSpawningProcess: false),
                error: .fileDescriptor(errors.descriptor, closeAfterSpawningProcess: false)
            ) { execution in
                start.yield(execution.processIdentifier.value)
                start.finish()
            }
            let code = result.terminationStatus.code
            status.withLockedValue { $0 = code }
            return code
        }
        guard let identifier = await started.first(where: { _ in true }) else {
            throw ChildProcessError.didNotStart("\(executable): \(await ending.result)")
        }
        processIdentifier = identifier
        self.status = status
        self.ending = ending
    }

    public var isRunning: Bool { status.withLockedValue { $0 == nil } }

    /// Waits until it has ended; returns its exit status, or the number of the signal that ended it.
    @discardableResult
    public func end() async -> Int32 {
        switch await ending.result {
        case .success(let code): return code
        case .failure(let error):
            FileHandle.standardError.write(
                Data("process \(processIdentifier): how it ended cannot be told: \(error)\n".utf8))
            return -1  // no status that any test expects
        }
    }

    public func send(_ signal: Int32) { if isRunning { _ = kill(processIdentifier, signal) } }

    /// Runs one to its end: its exit status, and what it wrote to its output and as errors, in that order of time.
    public static func run(_ executable: String, _ arguments: [String]) async throws -> (status: Int32, text: String) {
        let result = try await Subprocess.run(
            Executable(place: executable), arguments: Arguments(arguments), output: .string(limit: 1 << 24),
            error: .combinedWithOutput)
        return (result.terminationStatus.code, result.standardOutput)
    }
}

public enum ChildProcessError: Error {
    case didNotStart(String)
}

extension Executable {
    /// - Parameter place: Its path, or a name without `/` to be found.
    fileprivate init(place: String) { self = place.contains("/") ? .path(FilePath(place)) : .name(place) }
}

extension FileHandle {
    fileprivate var descriptor: FileDescriptor { FileDescriptor(rawValue: fileDescriptor) }
}

extension [String: String] {
    fileprivate var keyed: [Environment.Key: String] {
        [Environment.Key: String](uniqueKeysWithValues: map { (Environment.Key(stringLiteral: $0), $1) })
    }
}

extension TerminationStatus {
    fileprivate var code: Int32 {
        switch self {
        case .exited(let code), .signaled(let code): code
        }
    }
}
