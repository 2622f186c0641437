import Foundation
import RawHTTP
import Testing

/// One rule of a protocol as requests and the answers they must get, read from `spec/conformance`.
///
///     = 2.1 PATCH | another offset changes nothing
///     > PATCH $1                  a request line; `$1` is the address that the first 201 gave
///     > Upload-Offset: 5          its fields; with `-` as value the script's own field is left out
///     >> hello                    its body; `>>chunked`, then `>>+ Name: value` for trailers;
///                                 `>>cut 9 hello` promises nine bytes, sends five and goes; the script goes on when
///                                 something has arrived, or at once with `< nothing`
///     < 409                       the status, or several with `|` between
///     < Upload-Offset: 0          a field: its value, `*` any, `-` absent, `~text` somewhere in it
///     <i 104                      an interim answer before that, and its fields
///     << text                     somewhere in the body
struct WireCase: Sendable, CustomTestStringConvertible {
    struct Step: Sendable {
        var line = ""
        var fields: [(name: String, value: String)] = []
        var body: Body = .none
        var trailers: [String] = []
        var status: Set<Int> = []
        var expected: [(name: String, value: String)] = []
        var interim: [(name: String, value: String)] = []
        var texts: [String] = []
    }

    enum Body: Sendable {
        case none
        case whole([UInt8])
        case chunked([UInt8])
        /// So many bytes are promised, and these are sent.
        case cut(Int, [UInt8])
    }

    let name: String
    var steps: [Step] = []
    var testDescription: String { name }

    /// The cases of a script. `own` are fields that every request of it has unless it says otherwise.
    static func script(_ file: String) -> [WireCase] {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "spec/conformance/\(file)")
        // An absent script is no case at all, which the test that counts them tells.
        let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        var cases: [WireCase] = []
        for line in text.split(separator: "\n").map(String.init) {
            if line.hasPrefix("= ") { cases.append(WireCase(name: String(line.dropFirst(2)))) }
            if !cases.isEmpty { cases[cases.count - 1].read(line) }
        }
        return cases
    }

    private mutating func read(_ line: String) {
        let isRequestLine = line.hasPrefix("> ") && line.dropFirst(2).prefix { $0 != " " }.allSatisfy(\.isUppercase)
        if isRequestLine { steps.append(Step(line: String(line.dropFirst(2)))) }
        guard !isRequestLine, !steps.isEmpty else { return }
        steps[steps.count - 1].read(line)
    }
}

extension WireCase.Step {
    fileprivate mutating func read(_ line: String) {
        let mark = line.prefix { $0 != " " }
        let text = String(line.dropFirst(mark.count + 1))
        switch mark {
        case ">": fields.append(Self.field(text))
        case ">>": body = .whole(Self.bytes(text))
        case ">>chunked": body = .chunked(Self.bytes(text))
        case ">>+": trailers.append(text)
        case ">>cut":
            let pieces = text.split(separator: " ", maxSplits: 1)
            body = .cut(Int(pieces[0]) ?? 0, Self.bytes(pieces.count == 2 ? String(pieces[1]) : ""))
        case "<":
            let codes = text.split(separator: "|").compactMap { Int($0) }
            if codes.isEmpty { expected.append(Self.field(text)) } else { status = Set(codes) }
        case "<i": interim.append(text.contains(":") ? Self.field(text) : ("", text))
        case "<<": texts.append(text)
        default: break
        }
    }

    private static func field(_ text: String) -> (String, String) {
        guard let colon = text.firstIndex(of: ":") else { return (text, "") }
        return (String(text[..<colon]), String(text[text.index(after: colon)...].drop { $0 == " " }))
    }

    /// The text's bytes; `#70000` stands for so many bytes of the pattern.
    private static func bytes(_ text: String) -> [UInt8] {
        guard text.hasPrefix("#"), let length = Int(text.dropFirst()) else { return Array(text.utf8) }
        return ServerTests.bytes(0..<length)
    }
}
