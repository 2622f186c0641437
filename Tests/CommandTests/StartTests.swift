import CairnProcess
import Foundation
import Testing

/// What `cairn serve` says of a data directory that it cannot serve.
@Suite(.serialized) struct `A server that cannot start` {
    /// What is put into a data directory that was in order, and what is said of it then.
    struct Trouble: CustomTestStringConvertible, Sendable {
        let place: String
        /// A file of these bytes; a folder when nil.
        let bytes: String?
        let says: String

        var testDescription: String { place }
    }

    private static let troubles = [
        Trouble(place: "tokens.json", bytes: nil, says: "read: Is a directory"),
        Trouble(place: "tokens.json", bytes: "{", says: "tokens.json: not a file of tokens"),
        Trouble(place: "ns/other", bytes: "", says: "namespace other: "),
        Trouble(place: "ns", bytes: "", says: "Not a directory"),
        Trouble(place: "format.json", bytes: "{}", says: "neither empty nor a data directory"),
    ]

    @Test(arguments: troubles) func `says what is wrong and what to do, in words`(trouble: Trouble) async throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try await ServerProcess(data: URL(filePath: data)).stop()
        try? FileManager.default.removeItem(atPath: "\(data)/\(trouble.place)")  // what is not there need not go
        if let bytes = trouble.bytes {
            try folder.file("data/\(trouble.place)", bytes.utf8)
        } else {
            try FileManager.default.createDirectory(
                atPath: "\(data)/\(trouble.place)", withIntermediateDirectories: true)
        }
        let refused = try await CairnProcess.run("serve", "--data", data, "--listen", "127.0.0.1:0")
        let line = refused.errors.split(separator: "\n").last { $0.hasPrefix("cairn: ") } ?? ""
        #expect([66, 74].contains(refused.status) && refused.text.isEmpty, "\(refused.errors)")
        #expect(line.contains(data) && line.contains(trouble.says), "\(line)")
        #expect(!line.contains("failed(") && !line.contains("Error(") && !line.contains("\\\""), "\(line)")
        let steps = ["Look at", "Put a copy", "Give another"]
        #expect(steps.contains { line.contains($0) }, "no next step: \(line)")
    }

    @Test func `says that the folder is not there in which it is to make its own`() async throws {
        let folder = try TemporaryFolder()
        let failed = try await CairnProcess.run("serve", "--listen", "127.0.0.1:0", "--data", folder.path("none/data"))
        #expect(failed.status == 66)
        #expect(failed.errors.contains("none/data: the folder it is to be made in is not there. Make that one first"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("none")))
    }
}
