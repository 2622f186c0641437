import CairnProcess
import Foundation
import Testing

/// spec/openapi.yaml against a real `cairn serve`.
@Suite(.serialized) struct `The page for programs` {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let python = root.appending(path: ".build/python/bin/python")
    /// `make test` sees to it where the package index can be reached.
    private static let isReady = FileManager.default.isExecutableFile(
        atPath: root.appending(path: ".build/python/ready").path)

    @Test(.enabled(if: isReady, "openapi-spec-validator is not installed: make clients"))
    func `says what the server does, to the last status and member`() async throws {
        let (data, work) = (try TemporaryFolder(), try TemporaryFolder())
        let server = try await ServerProcess(data: data.url)
        let output = work.url.appending(path: "out")
        try Data().write(to: output)
        let process = Process()
        process.executableURL = Self.python
        process.arguments = [Self.root.appending(path: "spec/openapi-check.py").path, server.url]
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = process.standardOutput
        try process.run()
        while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        let text = try String(contentsOf: output, encoding: .utf8)
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.hasSuffix(" 0 failures\n"), "\(text)")
        await server.stop()
    }
}
