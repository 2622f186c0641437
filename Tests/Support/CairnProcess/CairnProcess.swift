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
    ///
    /// - Parameter environment: Variables besides those of the tests.
    public static func run(
        _ arguments: String..., input: URL? = nil, environment: [String: String] = [:]
    ) async throws -> CairnProcess {
        try await run(arguments, input: input, environment: environment)
    }

    public static func run(
        _ arguments: [String], input: URL? = nil, environment: [String: String] = [:]
    ) async throws -> CairnProcess {
        let folder = try TemporaryFolder()
        let (out, err) = (folder.url.appending(path: "out"), folder.url.appending(path: "err"))
        let process = try await start(arguments, input: input, environment: environment, output: out, errors: err)
        return CairnProcess(
            status: await process.end(), output: try Data(contentsOf: out),
            errors: try String(contentsOf: err, encoding: .utf8))
    }

    /// The tests' own, but for the place of digests: those of one's own files are none of a test's business.
    public static let environment = ProcessInfo.processInfo.environment.merging([
        "XDG_CACHE_HOME": FileManager.default.temporaryDirectory.appending(path: "cairn-tests-cache").path
    ]) { _, ours in ours }

    /// Starts `cairn` and returns when it runs.
    static func start(
        _ arguments: [String], input: URL? = nil, environment: [String: String] = [:], output: URL, errors: URL
    ) async throws -> ChildProcess {
        for file in [output, errors] { try Data().write(to: file) }
        return try await ChildProcess(
            executable.path, arguments, environment: Self.environment.merging(environment) { $1 },
            input: try input.map { try FileHandle(forReadingFrom: $0) }, output: try FileHandle(forWritingTo: output),
            errors: try FileHandle(forWritingTo: errors))
    }
}

/// A client that runs beside the test.
public final class RunningClient: Sendable {
    private let process: ChildProcess
    private let folder: TemporaryFolder

    public convenience init(_ arguments: String...) async throws { try await self.init(arguments: arguments) }

    public init(arguments: [String]) async throws {
        folder = try TemporaryFolder()
        process = try await CairnProcess.start(
            arguments, output: folder.url.appending(path: "out"), errors: folder.url.appending(path: "err"))
    }

    public var isRunning: Bool { process.isRunning }

    /// Stops it where it stands, until it goes on.
    public func stop() { process.send(SIGSTOP) }

    public func goOn() { process.send(SIGCONT) }

    /// Asks it to end, and waits until it has.
    public func terminate() async {
        process.send(SIGTERM)
        await process.end()
    }

    /// Ends it as a power cut would: it gets no chance to do anything.
    public func kill() async {
        process.send(SIGKILL)
        await process.end()
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
