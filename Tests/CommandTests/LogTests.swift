import CairnProcess
import Foundation
import Testing

@Suite(.serialized) struct `What a server logs` {
    private func log(_ options: [String]) async throws -> [String] {
        let folder = try TemporaryFolder()
        let server = try await ServerProcess(data: folder.url.appending(path: "data"), options)
        let file = try folder.file("secret name", content(1000))
        #expect(try await CairnProcess.run("put", file, "--to", server.url).status == 0)
        await server.stop()
        return server.log.split(separator: "\n").map(String.init)
    }

    @Test func `is as JSON one object a line, with numbers that are numbers`() async throws {
        let lines = try await log(["--log-format", "json"])
        var methods: Set<String> = []
        for line in lines {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            for name in ["time", "level", "label", "message"] { #expect(object[name] is String, "\(line)") }
            guard object["message"] as? String == "request" else { continue }
            methods.insert(try #require(object["method"] as? String))
            #expect(object["status"] is Int, "\(line)")
            #expect(object["in"] is Int && object["out"] is Int && object["milliseconds"] is Int, "\(line)")
            #expect((object["request"] as? String)?.count == 32 && object["path"] is String && object["from"] is String)
            #expect(!line.contains("secret"), "\(line)")
        }
        #expect(methods.contains("POST") && methods.contains("GET"))
    }

    @Test func `is no more than was asked for`() async throws {
        #expect(try await log(["--log-level", "error"]) == [])
        #expect(try await log(["--log-level", "info"]).contains { $0.contains(" from=127.0.0.1:") })
        let wrong = try await CairnProcess.run("serve", "--data", "/nowhere/x", "--log-level", "loud")
        #expect(wrong.status == 64)
    }
}
