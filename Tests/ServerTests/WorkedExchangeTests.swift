import CairnEngine
import Foundation
import RawHTTP
import Testing

/// Each page of a dialect ends in an exchange in bytes; here it takes place.
@Suite struct `The worked exchange in spec` {
    private struct Step {
        var sent: [String] = []
        var expected: [String] = []
    }

    /// Requests stand behind `>`, answers behind `<`; a request without an answer breaks off.
    private static func steps(_ page: String) throws -> [Step] {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "spec/\(page)")
        var steps: [Step] = []
        var isInStep = false
        let text = try String(contentsOf: path, encoding: .utf8)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            switch line.prefix(5) {
            case "    >":
                if !isInStep || steps.last?.expected.isEmpty == false { steps.append(Step()) }
                steps[steps.count - 1].sent.append(String(line.dropFirst(6)))
                isInStep = true
            case "    <": steps[steps.count - 1].expected.append(String(line.dropFirst(6)))
            default: isInStep = false
            }
        }
        return steps
    }

    @Test(arguments: [("tus.md", 5), ("ietf.md", 4), ("digests.md", 2)])
    func `is what the server does`(page: String, count: Int) async throws {
        let steps = try Self.steps(page)
        #expect(steps.count == count)
        try await TestServer.run { server async throws in
            var id = ""
            for step in steps {
                let lines = try await play(step, id, server)
                if id.isEmpty, let found = lines.firstMatch(of: /\/files\/([0-9a-f]{32})/) { id = String(found.1) }
                try compare(lines.replacing(id, with: "<id>"), step.expected)
            }
        }
    }

    private func play(_ step: Step, _ id: String, _ server: TestServer) async throws -> String {
        let connection = try await server.open()
        let end = try #require(step.sent.firstIndex(of: ""))
        let isChunked = step.sent.contains("Transfer-Encoding: chunked")
        let head = step.sent[...end].joined(separator: "\r\n") + "\r\n"
        let body = step.sent[(end + 1)...].joined(separator: isChunked ? "\r\n" : "\n") + (isChunked ? "\r\n" : "")
        try await connection.send(Array((head + body).replacing("<id>", with: id).utf8))
        guard !step.expected.isEmpty else {
            try await connection.close()
            while try await server.engine.upload(#require(UploadID(id)), for: .everyone).offset != 5 {
                try await Task.sleep(for: .milliseconds(5))
            }
            return ""
        }
        var lines: [String] = []
        while true {
            let answer = try await connection.read(toHead: head.hasPrefix("HEAD "))
            lines.append("HTTP/1.1 \(answer.status) \(answer.reason)")
            lines += answer.fields.filter { $0.name != "Date" }.map { "\($0.name): \($0.value)" }
            guard answer.isInterim else {
                if !answer.body.isEmpty { lines += [""] + answer.text.split(separator: "\n").map(String.init) }
                return lines.joined(separator: "\n")
            }
            lines.append("")
        }
    }

    /// What stands for something that changes is compared up to there.
    private func compare(_ found: String, _ expected: [String]) throws {
        let lines = found.replacing(/Upload-Expires: .*/, with: "Upload-Expires: <date>")
            .replacing(/max-age=\d+/, with: "max-age=604800").split(separator: "\n", omittingEmptySubsequences: false)
        guard !expected.isEmpty else { return }
        #expect(lines.count == expected.count, "\(found)")
        for (line, wanted) in zip(lines, expected) {
            let isCut = wanted.hasSuffix("…")
            #expect(isCut ? line.hasPrefix(wanted.dropLast()) : line == wanted)
        }
    }
}
