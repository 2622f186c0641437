public import Foundation

public enum ServerProcessError: Error {
    case didNotStart(String)
}

/// A real `cairn serve` over a data directory, which can be stopped, killed and started again.
public final class ServerProcess: @unchecked Sendable {
    // Used by one test at a time.
    private var process: ChildProcess
    public private(set) var port: Int
    private let arguments: [String]
    private let folder: TemporaryFolder

    /// Starts it and returns when it listens.
    public convenience init(data: URL, _ options: String...) async throws { try await self.init(data: data, options) }

    public init(data: URL, _ options: [String]) async throws {
        folder = try TemporaryFolder()
        arguments = ["serve", "--data", data.path] + options
        (process, port) = try await Self.start(arguments, port: 0, in: folder)
    }

    public var url: String { "http://127.0.0.1:\(port)" }
    public var processIdentifier: Int32 { process.processIdentifier }
    public var isRunning: Bool { process.isRunning }

    /// What it has logged.
    public var log: String {
        (try? String(contentsOf: folder.url.appending(path: "err"), encoding: .utf8)) ?? ""  // not started yet
    }

    /// Starts it again on the same port.
    public func restart() async throws {
        (process, port) = try await Self.start(arguments, port: port, in: folder)
    }

    /// Asks it to stop, and waits until it has; returns its exit status.
    @discardableResult
    public func stop() async -> Int32 {
        process.send(SIGTERM)
        return await process.end()
    }

    /// Ends it as kill -9 does.
    public func kill() async {
        process.send(SIGKILL)
        await process.end()
    }

    /// The most memory it has had resident, in bytes.
    public func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) * 1024
    }

    deinit { process.send(SIGKILL) }

    private static func start(
        _ arguments: [String], port: Int, in folder: TemporaryFolder
    ) async throws -> (ChildProcess, Int) {
        let (out, err) = (folder.url.appending(path: "out"), folder.url.appending(path: "err"))
        let process = try await CairnProcess.start(
            arguments + ["--listen", "127.0.0.1:\(port)"], output: out, errors: err)
        while process.isRunning {
            let text = try String(contentsOf: out, encoding: .utf8)
            if let found = text.firstMatch(of: /listening on http:\/\/127\.0\.0\.1:(\d+)/), let port = Int(found.1) {
                return (process, port)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw ServerProcessError.didNotStart(try String(contentsOf: err, encoding: .utf8))
    }
}
