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
            // Hummingbird's: a random half without its leading zeros, and a half that counts.
            let request = try #require(object["request"] as? String, "\(line)")
            #expect((17...32).contains(request.count) && request.allSatisfy(\.isHexDigit), "\(line)")
            #expect(object["path"] is String && object["from"] is String, "\(line)")
            #expect(!line.contains("secret"), "\(line)")
        }
        #expect(methods.contains("POST") && methods.contains("GET"))
    }

    @Test(arguments: ["text", "json"]) func `names the token of a request, and a hook its owner, but no secret`(
        form: String
    ) async throws {
        let folder = try TemporaryFolder()
        let token = try await makeToken("film", in: folder, "--principal", "shop", "--namespace", "other", "--links")
        let hook = try folder.file("hook", "#!/bin/sh\ncat >>\(folder.path("events"))\n".utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
        let server = try await ServerProcess(
            data: folder.url.appending(path: "data"), "--log-format", form, "--hook-after", hook, "--hook-before", hook)
        let link = try await CairnProcess.run("link", "--token", token.text, "--length", "2000")
        let credentials = [token.text, link.text.trimmingCharacters(in: .whitespacesAndNewlines)]
        for (number, credential) in credentials.enumerated() {
            _ = try await put(
                folder.file("secret name \(number)", content(1000, seed: number)), to: server, as: credential)
        }
        await server.stop()
        let lines = server.log.split(separator: "\n").filter { $0.contains("/v1") || $0.contains("/upload") }
        let name = form == "json" ? "\"token\":\"\(token.id)\"" : " token=\(token.id) "
        #expect(lines.count > 4 && lines.allSatisfy { $0.contains(name) }, "\(lines.first ?? "")")
        let events = String(decoding: try folder.bytes("events"), as: UTF8.self)
        let owner = "\"principal\":\"shop\",\"namespace\":\"other\",\"token\":\"\(token.id)\""
        for event in ["begin", "finished"] {
            let told = events.split(separator: "\n").filter { $0.contains("\"event\":\"\(event)\"") }
            #expect(told.count == 2 && told.allSatisfy { $0.contains(owner) }, "\(events)")
        }
        let secrets = [String(token.text.suffix(64))] + credentials.map { String($0.suffix(40)) }
        for secret in secrets { #expect(!(server.log + events).contains(secret)) }
    }

    @Test func `is no more than was asked for`() async throws {
        #expect(try await log(["--log-level", "error"]) == [])
        #expect(try await log(["--log-level", "info"]).contains { $0.contains(" from=127.0.0.1:") })
        let wrong = try await CairnProcess.run("serve", "--data", "/nowhere/x", "--log-level", "loud")
        #expect(wrong.status == 64)
    }
}
