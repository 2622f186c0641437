import CairnProcess
import Foundation
import Testing

@Suite struct `Two principals of one namespace` {
    @Test func `bring the same file: the second proves to hold it and sends nothing of it`() async throws {
        let folder = try TemporaryFolder()
        let tokens = [
            try await makeToken("first", in: folder, "--principal", "ann").text,
            try await makeToken("second", in: folder, "--principal", "bob").text,
        ]
        let server = try await ServerProcess(data: folder.url.appending(path: "data"))
        let (length, file) = (80 << 20, try folder.file("a.bin", content(80 << 20)))
        let first = try await put(file, to: server, as: tokens[0])
        #expect(first["sent"] as? Int == length && first["known"] as? Int == 0)
        let second = try await put(file, to: server, as: tokens[1])
        #expect(second["sent"] as? Int == 0 && second["known"] as? Int == length)
        #expect(second["id"] as? String != first["id"] as? String)
        #expect(second["contentId"] as? String == first["contentId"] as? String)
        await server.stop()
    }
}
