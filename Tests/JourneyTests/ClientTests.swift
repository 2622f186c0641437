import CairnProcess
import Foundation
import Testing

@Suite(.serialized) struct `Clients of others` {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let python = root.appending(path: ".build/clients/bin/python")
    /// `make test` installs them where the package index can be reached.
    private static let areInstalled = FileManager.default.isExecutableFile(
        atPath: root.appending(path: ".build/clients/ready").path)

    @Test(.enabled(if: areInstalled, "tuspy and aiotus are not installed: make clients"))
    func `tuspy, aiotus and curl upload, break off, resume and download`() async throws {
        let data = try TemporaryFolder()
        let server = try await ServerProcess(data: data.url.appending(path: "store"))
        let script = Self.root.appending(path: "Tests/Clients/upload.py").path
        let (status, text) = try await ChildProcess.run(Self.python.path, [script, server.url, data.url.path])
        #expect(status == 0, "\(text)")
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("ok ") }
        #expect(lines.count == 29, "\(text)")
        print("\(lines.count) uploads and downloads by tuspy, aiotus and curl")
        await server.stop()
    }
}
