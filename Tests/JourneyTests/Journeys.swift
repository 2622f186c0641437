import CairnContent
import CairnProcess
import Foundation
import RawHTTP

/// One file's way onto a server, by X-Start-Byte and raw bytes.
struct Journey: Sendable {
    let server: ServerProcess
    let name: String
    let content: [UInt8]

    /// The resumption question.
    func offset() async throws -> Int {
        let answer = try await RawConnection.ask(
            server.port, "GET /status HTTP/1.1\nHost: x\nX-File-Id: \(name)\n\n")
        return try Self.number(answer)
    }

    /// What the server has acknowledged, asked in a way that disturbs nobody; nil when it knows nothing yet.
    func look() async throws -> Int? {
        let answer = try await RawConnection.ask(
            server.port, "GET /v1/uploads?file-id=\(name) HTTP/1.1\nHost: x\n\n")
        guard answer.status == 200 else { return nil }
        let state = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return state?["offset"] as? Int
    }

    /// Begins a request that promises the rest of the file from `start` and sends `length` bytes of it.
    func send(_ length: Int, from start: Int) async throws -> RawConnection {
        let connection = try await RawConnection.open(server.port)
        try await connection.send(
            """
            POST /upload HTTP/1.1
            Host: x
            X-File-Id: \(name)
            X-Start-Byte: \(start)
            X-File-Size: \(content.count)
            Content-Length: \(content.count - start)


            """)
        if length > 0 { connection.push(Array(content[start..<(start + length)])) }
        return connection
    }

    /// The finished file, fetched from where the answer says it is.
    func download(_ location: String) async throws -> [UInt8] {
        try await RawConnection.ask(server.port, "GET \(location) HTTP/1.1\nHost: x\n\n").body
    }

    private static func number(_ answer: RawResponse) throws -> Int {
        guard answer.status == 200, let offset = Int(String(decoding: answer.body, as: UTF8.self)) else {
            throw JourneyError.unexpected(answer.status, String(decoding: answer.body, as: UTF8.self))
        }
        return offset
    }
}

enum JourneyError: Error {
    case unexpected(Int, String)
}
