import CairnServer
import Foundation

/// A hook that is an executable: JSON on its standard input, the same in variables, and a time limit.
///
/// It exits with 0 to allow; otherwise the first line that it prints says why not.
struct CommandHook: Sendable {
    let path: String
    let limit: Duration

    /// The most that is read of what it prints, in bytes.
    private static let reasonLength = 1024

    func run(_ event: HookEvent) async -> UploadHooks.Verdict {
        let (input, output) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
            .merging(event.variables) { $1 }
        process.standardInput = input
        process.standardOutput = output
        let (ends, end) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in end.finish() }
        do {
            // Far less than a pipe holds, and before there is a reader that could be gone.
            try input.fileHandleForWriting.write(contentsOf: Data("\(event.json)\n".utf8))
            try process.run()
            try input.fileHandleForWriting.close()
        } catch {
            return .failed
        }
        let isInTime = await Self.ends(ends, within: limit)
        if !isInTime { _ = kill(process.processIdentifier, SIGKILL) }
        for await _ in ends {}
        guard isInTime, process.terminationReason == .exit else { return .failed }
        return process.terminationStatus == 0 ? .allowed : .refused(Self.firstLine(output.fileHandleForReading))
    }

    private static func ends(_ ends: AsyncStream<Void>, within limit: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in ends {}
                return !Task.isCancelled
            }
            group.addTask {
                try? await Task.sleep(for: limit)  // cancelled when the other is first
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    /// What is there; a child that the command left behind may hold the other end open.
    private static func firstLine(_ handle: FileHandle) -> String {
        let descriptor = handle.fileDescriptor
        guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0 else { return "" }
        let bytes = try? handle.read(upToCount: reasonLength)  // there may be nothing
        let line = (bytes ?? Data()).prefix { $0 != UInt8(ascii: "\n") }
        return String(decoding: line, as: UTF8.self)
    }
}
