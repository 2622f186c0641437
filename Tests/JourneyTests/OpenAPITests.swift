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
        let data = try TemporaryFolder()
        let server = try await ServerProcess(data: data.url)
        let script = Self.root.appending(path: "spec/openapi-check.py").path
        let (status, text) = try await ChildProcess.run(Self.python.path, [script, server.url])
        #expect(status == 0, "\(text)")
        #expect(text.hasSuffix(" 0 failures\n"), "\(text)")
        await server.stop()
    }
}
