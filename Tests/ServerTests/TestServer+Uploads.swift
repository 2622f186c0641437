import CairnEngine
import RawHTTP
import Testing

extension TestServer {
    /// Sends these very bytes on a connection of their own, and reads the final answer.
    func exchange(_ message: [UInt8], toHead: Bool = false) async throws -> RawResponse {
        let connection = try await open()
        connection.push(message)
        let answer = try await connection.readFinal(toHead: toHead)
        try await connection.close()
        return answer
    }

    /// Whether `condition` holds, now or within ten seconds.
    func soon(_ condition: @Sendable () async throws -> Bool) async throws -> Bool {
        for _ in 0..<2000 {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    /// Returns when the named upload is that far; disturbs nobody.
    func wait(for id: String, toReach offset: Int64) async throws {
        let isThere = try await soon {
            try await engine.upload(named: .init(id, of: .everyone), for: .everyone)?.offset == offset
        }
        try #require(isThere, "\(id) did not reach \(offset)")
    }

    /// A POST to `/upload` in chunks.
    func chunked(_ fields: [String: String], _ parts: [[UInt8]]) async throws -> RawResponse {
        let connection = try await open()
        let coded = fields.merging(["Transfer-Encoding": "chunked"]) { $1 }
        try await connection.send(request("POST /upload", coded))
        for part in parts {
            try await connection.send(Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10])
        }
        try await connection.send("0\n\n")
        let response = try await connection.readFinal()
        try await connection.close()
        return response
    }

    /// A connection in the middle of a body: 100,000 bytes of 200,000 are sent, and the first chunk is acknowledged.
    func halfAnUpload(_ id: String) async throws -> RawConnection {
        let connection = try await open()
        try await connection.send(request("POST /upload", ["X-File-Id": id], length: 200_000))
        try await connection.send(bytes(0..<100_000))
        while try await engine.upload(named: .init(id, of: .everyone), for: .everyone)?.offset ?? 0 < 65_536 {
            try await Task.sleep(for: .milliseconds(5))
        }
        return connection
    }
}
