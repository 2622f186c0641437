import Foundation
import RawHTTP
import Testing

/// The exchange that spec/native.md writes down, sent as it stands there.
@Suite struct `The worked exchange of the native protocol` {
    private struct Step {
        var sent: [String] = []
        var expected: [String] = []
    }

    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "spec/native.md")

    /// Requests stand behind `>`, answers behind `<`.
    private static func steps() throws -> [Step] {
        var steps: [Step] = []
        for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
            let text = String(line.dropFirst(6))
            switch String(line.prefix(5)) {
            case "    >":
                if steps.last?.expected.isEmpty != true { steps.append(Step()) }
                steps[steps.count - 1].sent.append(text)
            case "    <": steps[steps.count - 1].expected.append(text)
            default: break
            }
        }
        return steps
    }

    @Test func `is what the server does`() async throws {
        let steps = try Self.steps()
        #expect(steps.count == 11)
        try await TestServer.run { server async throws in
            var id = ""
            for step in steps {
                let connection = try await server.open()
                try await connection.send(try Self.message(step.sent, id))
                let answer = try await connection.read()
                try await connection.close()
                if id.isEmpty { id = try answer.json(as: NativeState.self).id }
                let line = step.sent.first ?? ""
                #expect(Self.lines(of: answer) == Self.expected(step.expected), "\(line)")
            }
        }
    }

    private static func message(_ lines: [String], _ id: String) throws -> [UInt8] {
        let end = try #require(lines.firstIndex(of: ""))
        let head = lines[..<end].map { $0 + "\r\n" }.joined() + "\r\n"
        return Array(head.replacing("<id>", with: id).utf8) + lines[end...].flatMap(content)
    }

    /// `[bytes 0-9]` stands for a run of the file, other brackets hold bytes in hexadecimal, anything else is text.
    private static func content(of line: String) -> [UInt8] {
        if let run = line.wholeMatch(of: /\[bytes (\d+)-(\d+)\]/), let first = Int(run.1), let last = Int(run.2) {
            return bytes(first..<(last + 1))
        }
        guard let hex = line.wholeMatch(of: /\[([0-9a-f]+)\]/) else { return Array(line.utf8) }
        let digits = hex.1.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// The head, an empty line, and the body in one: as text, or in brackets in hexadecimal.
    private static func lines(of answer: RawResponse) -> [String] {
        let fields = answer.fields.filter { $0.name != "Date" }.map { "\($0.name): \($0.value)" }
        let isText = answer["content-type"]?.hasSuffix("json") == true
        let hex = answer.body.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let body = isText || answer.body.isEmpty ? answer.text : "[\(hex)]"
        return (["HTTP/1.1 \(answer.status) \(answer.reason)"] + fields + ["", body]).map { text in
            text.replacing(/\b[0-9a-f]{32}\b/, with: "<id>")
                .replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "<time>")
        }
    }

    /// The same of a page's lines: there JSON is folded.
    private static func expected(_ lines: [String]) -> [String] {
        let end = lines.firstIndex(of: "") ?? lines.endIndex
        let body = lines[end...].map { $0.drop { $0 == " " } }.joined()
        return Array(lines[..<end]) + ["", body]
    }
}
