import CairnEngine
import Foundation
import RawHTTP
import Testing

/// The exchange that spec/x-start-byte.md writes down, sent as it stands there.
@Suite struct `The worked exchange of X-Start-Byte` {
    private struct Step {
        var sent: [String] = []
        var expected: [String] = []
    }

    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "spec/x-start-byte.md")

    /// Requests stand behind `>`, answers behind `<`; a request without an answer breaks off.
    private static func steps() throws -> [Step] {
        var steps: [Step] = []
        var isInStep = false
        for line in try String(contentsOf: page, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            let mark = line.prefix(5)
            let text = String(line.dropFirst(6))
            if mark == "    >" {
                if !isInStep || steps.last?.expected.isEmpty == false { steps.append(Step()) }
                isInStep = true
                steps[steps.count - 1].sent.append(text)
            } else if mark == "    <" {
                steps[steps.count - 1].expected.append(text)
            } else {
                isInStep = false
            }
        }
        return steps
    }

    @Test func `is what the server does`() async throws {
        let steps = try Self.steps()
        #expect(steps.count == 4)
        try await TestServer.run { server async throws in
            for step in steps {
                let end = try #require(step.sent.firstIndex(of: ""))
                let head = step.sent[...end].joined(separator: "\r\n") + "\r\n"
                let body = step.sent[(end + 1)...].joined(separator: "\n")
                let connection = try await server.open()
                try await connection.send(Array((head + body).utf8))
                if step.expected.isEmpty {
                    try await connection.close()
                    try await Self.settle(server)
                } else {
                    Self.compare(try await connection.readFinal(), step.expected)
                }
            }
        }
    }

    /// Returns when the server has seen the end of the body that broke off.
    private static func settle(_ server: TestServer) async throws {
        let key = UploadKey("hello.txt-12-1700000000000", of: .everyone)
        while try await server.engine.upload(named: key, for: .everyone)?.offset != 5 {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private static func compare(_ answer: RawResponse, _ expected: [String]) {
        var lines = ["HTTP/1.1 \(answer.status) \(answer.reason)"]
        lines += answer.fields.filter { $0.name != "Date" }.map { field in
            field.name == "Location" ? "Location: /files/<id>" : "\(field.name): \(field.value)"
        }
        lines += ["", answer.text]
        #expect(lines == expected)
    }
}
