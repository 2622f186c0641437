import CairnEngine
import RawHTTP
import Testing

/// Plays a script's case against a server and compares what comes back.
struct WireRunner {
    let server: TestServer
    /// Fields that every request has unless its script says otherwise.
    let own: [String: String]
    private var addresses: [String] = []

    init(_ server: TestServer, own: [String: String]) {
        self.server = server
        self.own = own
    }

    mutating func run(_ wireCase: WireCase) async throws {
        for (number, step) in wireCase.steps.enumerated() {
            let place = Comment(rawValue: "\(wireCase.name), request \(number + 1): \(step.line)")
            guard let (interims, answer) = try await send(step) else { continue }
            compare(answer, step, place)
            compare(interims, step, place)
            if answer.status == 201, let location = answer["Location"] { addresses.append(location) }
        }
    }

    /// The answer and those before it; nil for a request that broke off.
    private func send(_ step: WireCase.Step) async throws -> ([RawResponse], RawResponse)? {
        let connection = try await server.open()
        try await connection.send(head(of: step))
        var interims: [RawResponse] = []
        if step.fields.contains(where: { $0.name == "Expect" }) {
            // The body waits to be asked for, and a refusal comes instead.
            repeat {
                let answer = try await connection.read()
                guard answer.isInterim else { return (interims, answer) }
                interims.append(answer)
            } while interims.last?.status != 100
        }
        switch step.body {
        case .none: break
        case .whole(let bytes): if !bytes.isEmpty { connection.push(bytes) }
        case .chunked(let bytes):
            if !bytes.isEmpty {
                connection.push(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
            }
            connection.push(Array(("0\r\n" + step.trailers.map { "\(filled($0))\r\n" }.joined() + "\r\n").utf8))
        case .cut(_, let bytes):
            if !bytes.isEmpty { try await connection.send(bytes) }
            try await connection.close()
            try await settle(step)
            return nil
        }
        while true {
            let answer = try await connection.read(toHead: step.line.hasPrefix("HEAD "))
            if answer.isInterim {
                interims.append(answer)
                continue
            }
            try await connection.close()
            return (interims, answer)
        }
    }

    /// Returns when the server has kept what came of a body that broke off.
    private func settle(_ step: WireCase.Step) async throws {
        for _ in 0..<400 {
            let uploads = try await server.engine.uploads(.open, for: .everyone, limit: 10)
            if uploads.contains(where: { $0.offset > 0 }) || step.expected.contains(where: { $0.name == "nothing" }) {
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func head(of step: WireCase.Step) -> String {
        var fields: [(String, String)] = []
        let stated = Set(step.fields.map { $0.name.lowercased() })
        for (name, value) in own.sorted(by: { $0.key < $1.key }) where !stated.contains(name.lowercased()) {
            fields.append((name, value))
        }
        fields += step.fields.filter { $0.value != "-" }.map { ($0.name, filled($0.value)) }
        if !stated.contains("host") { fields.insert(("Host", "localhost:\(server.port)"), at: 0) }
        if !stated.contains("content-length") {
            switch step.body {
            case .none: break
            case .whole(let bytes): fields.append(("Content-Length", "\(bytes.count)"))
            case .chunked: fields.append(("Transfer-Encoding", "chunked"))
            case .cut(let length, _): fields.append(("Content-Length", "\(length)"))
            }
        }
        let version = step.line.hasSuffix(" HTTP/1.0") ? "" : " HTTP/1.1"
        return "\(path(step.line))\(version)\n" + fields.map { "\($0): \($1)\n" }.joined() + "\n"
    }

    /// `$1` in a request line is the address without its origin.
    private func path(_ line: String) -> String {
        var line = line
        for (index, address) in addresses.enumerated() {
            let pieces = address.split(separator: "/").dropFirst(address.hasPrefix("http") ? 2 : 0)
            let path = "/" + pieces.joined(separator: "/")
            line = line.replacing("$\(index + 1)", with: path)
        }
        return line
    }

    /// `$1` in a value is the address as it came, `$port` the server's port.
    private func filled(_ value: String) -> String {
        var value = value.replacing("$port", with: "\(server.port)")
        for (index, address) in addresses.enumerated() { value = value.replacing("$\(index + 1)", with: address) }
        return value
    }

    // MARK: Comparing

    private func compare(_ answer: RawResponse, _ step: WireCase.Step, _ place: Comment) {
        if !step.status.isEmpty { #expect(step.status.contains(answer.status), place) }
        for (name, value) in step.expected { compare(answer[name], value, "\(place) \(name)") }
        for text in step.texts { #expect(answer.text.contains(text), place) }
        #expect(answer.status != 500, place)
    }

    private func compare(_ interims: [RawResponse], _ step: WireCase.Step, _ place: Comment) {
        guard let first = step.interim.first, first.name.isEmpty, let status = Int(first.value) else {
            let unasked = interims.filter { $0.status != 100 }
            #expect(unasked.isEmpty, place)
            return
        }
        guard let found = interims.first(where: { $0.status == status }) else {
            Issue.record("no \(status): \(place)")
            return
        }
        for (name, value) in step.interim.dropFirst() { compare(found[name], value, "\(place) \(status) \(name)") }
    }

    private func compare(_ found: String?, _ expected: String, _ place: Comment) {
        switch expected {
        case "*": #expect(found != nil, place)
        case "-": #expect(found == nil, place)
        case let text where text.hasPrefix("~"):
            #expect(found?.contains(filled(String(text.dropFirst()))) == true, place)
        default: #expect(found == filled(expected), place)
        }
    }
}
