import CairnProcess
import Foundation

extension CairnProcess {
    /// Its output: one JSON object a line.
    func objects() throws -> [[String: Any]] {
        try text.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    /// The one object of its output.
    func object() throws -> [String: Any] {
        let objects = try objects()
        return objects.count == 1 ? objects[0] : [:]
    }
}

extension TemporaryFolder {
    /// Writes a file of this name, and returns its path.
    @discardableResult func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appending(path: name))) }
}

/// Bytes without a pattern: no two chunks are equal, and none compresses.
func content(_ length: Int, seed: Int = 1) -> [UInt8] {
    var state = UInt64(seed)
    return (0..<length).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
}

/// A server over a data directory of its own while `body` runs.
func withServer<Result>(
    _ body: (ServerProcess, TemporaryFolder) async throws -> Result
) async throws -> Result {
    let folder = try TemporaryFolder()
    let server = try await ServerProcess(data: folder.url.appending(path: "data"))
    do {
        let result = try await body(server, folder)
        await server.stop()
        return result
    } catch {
        await server.kill()
        throw error
    }
}

/// A `cairn` whose standard input the test writes.
final class PipedClient {
    private let process: ChildProcess
    private let input = Pipe()
    private let folder: TemporaryFolder

    init(_ arguments: [String]) async throws {
        folder = try TemporaryFolder()
        process = try await ChildProcess(
            CairnProcess.executable.path, arguments, environment: CairnProcess.environment,
            input: input.fileHandleForReading,
            output: try FileHandle(forWritingTo: URL(filePath: folder.file("out", []))),
            errors: try FileHandle(forWritingTo: URL(filePath: folder.file("err", []))))
    }

    deinit { process.send(SIGTERM) }

    /// As Ctrl-C does.
    func interrupt() { process.send(SIGINT) }

    /// Returns when all but what a pipe holds has been read by the client.
    func write(_ bytes: [UInt8]) async throws {
        let (handle, data) = (input.fileHandleForWriting, Data(bytes))
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try handle.write(contentsOf: data) })
            }
        }
    }

    /// Closes the input, waits for the end and returns the exit status and the output.
    func finish() async throws -> (status: Int32, output: String, errors: String) {
        try input.fileHandleForWriting.close()
        let status = await process.end()
        return (
            status, String(decoding: try folder.bytes("out"), as: UTF8.self),
            String(decoding: try folder.bytes("err"), as: UTF8.self)
        )
    }
}
