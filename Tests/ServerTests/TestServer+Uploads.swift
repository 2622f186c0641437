import CairnEngine
import RawHTTP

extension TestServer {
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
