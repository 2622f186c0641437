public import Foundation

/// The real command, found beside the test bundle, and what came of running it.
public struct CairnProcess: Sendable {
    public static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "cairn")

    public let status: Int32
    public let output: Data
    public let errors: String

    public var text: String { String(decoding: output, as: UTF8.self) }

    /// Runs `cairn` with these arguments to its end.
    public static func run(_ arguments: String..., input: URL? = nil) async throws -> CairnProcess {
        try await run(arguments, input: input)
    }

    public static func run(_ arguments: [String], input: URL? = nil) async throws -> CairnProcess {
        let folder = try TemporaryFolder()
        let (out, err) = (folder.url.appending(path: "out"), folder.url.appending(path: "err"))
        let process = try start(arguments, input: input, output: out, errors: err)
        await process.end()
        return CairnProcess(
            status: process.terminationStatus, output: try Data(contentsOf: out),
            errors: try String(contentsOf: err, encoding: .utf8))
    }

    /// The tests' own, but for the place of digests: those of one's own files are none of a test's business.
    public static let environment = ProcessInfo.processInfo.environment.merging([
        "XDG_CACHE_HOME": FileManager.default.temporaryDirectory.appending(path: "cairn-tests-cache").path
    ]) { _, ours in ours }

    /// Starts `cairn` and returns at once.
    static func start(_ arguments: [String], input: URL? = nil, output: URL, errors: URL) throws -> Process {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment
        process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        return process
    }
}

/// A client that runs beside the test.
public final class RunningClient: Sendable {
    private nonisolated let process: Process
    private let folder: TemporaryFolder

    public init(_ arguments: String...) throws {
        folder = try TemporaryFolder()
        process = try CairnProcess.start(
            arguments, output: folder.url.appending(path: "out"), errors: folder.url.appending(path: "err"))
    }

    public var isRunning: Bool { process.isRunning }

    /// Stops it where it stands, until it goes on.
    public func stop() { _ = Foundation.kill(process.processIdentifier, SIGSTOP) }

    public func goOn() { _ = Foundation.kill(process.processIdentifier, SIGCONT) }

    /// Ends it as a power cut would: it gets no chance to do anything.
    public func kill() async {
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        await process.end()
    }
}

extension Process {
    /// Returns when the process has ended.
    public func end() async {
        while isRunning { try? await Task.sleep(for: .milliseconds(2)) }  // a cancelled test need not wait
    }
}

/// A folder that goes with the value that made it.
public final class TemporaryFolder: Sendable {
    public let url: URL

    /// - Parameter base: Where to make it; the system's place for temporary files by default.
    public init(in base: URL = FileManager.default.temporaryDirectory) throws {
        url = base.appending(path: "cairn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }  // what is left behind is in a temporary place
}
