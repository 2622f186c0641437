import CairnEngine
import CairnServer
import HTTPTypes
import NIOCore
import NIOHTTP2
import NIOSSL
import RawHTTP
import Testing

@Suite struct `Over TLS` {
    /// Runs a server that speaks TLS, and what a client needs to know of it.
    private func secured(
        _ configure: @escaping (inout UploadServer.Configuration) -> Void = { _ in }, stall: Duration? = nil,
        _ work: @Sendable (TestServer, TestCertificates) async throws -> Void
    ) async throws {
        let pair = try await TestCertificates()
        let certificates = try Certificates(pair.files)
        let configured: (inout UploadServer.Configuration) -> Void = {
            $0.certificates = certificates
            configure(&$0)
        }
        try await TestServer.run(configure: configured, stall: stall) { try await work($0, pair) }
    }

    private func open(_ server: TestServer, _ pair: TestCertificates, _ names: [String]) async throws -> RawConnection {
        let context = try pair.client(names)
        return try await RawConnection.open(server.port) { channel in
            try channel.pipeline.syncOperations.addHandler(
                NIOSSLClientHandler(context: context, serverHostname: "localhost"))
        }
    }

    private func field(_ name: String) -> HTTPField.Name { HTTPField.Name(name)! }

    // MARK: HTTP/1.1

    @Test(arguments: [["http/1.1"], []])
    func `HTTP/1.1 is spoken with those who ask for it, and who ask for nothing`(names: [String]) async throws {
        try await secured { server, pair async throws in
            let connection = try await open(server, pair, names)
            try await connection.send(request("POST /upload", ["X-File-Id": "a", "Expect": "100-continue"], length: 3))
            #expect(try await connection.read().status == 100)
            try await connection.send([1, 2, 3])
            let answer = try await connection.read()
            #expect(answer.status == 200 && answer["location"]?.hasPrefix("/files/") != false)
        }
    }

    @Test func `addresses that are told begin with https`() async throws {
        try await secured { server, pair async throws in
            let connection = try await open(server, pair, ["http/1.1"])
            try await connection.send(
                request("POST /files", ["Tus-Resumable": "1.0.0", "Upload-Length": "3"], length: 0))
            #expect(try await connection.read()["location"]?.hasPrefix("https://localhost/files/") == true)
            let client = try await StreamClient.open(server.port, pair)
            let fields: HTTPFields = [field("tus-resumable"): "1.0.0", field("upload-length"): "3"]
            let answer = try await client.ask(.post, "/files", fields, body: [])
            #expect(answer["location"]?.hasPrefix("https://localhost/files/") == true)
        }
    }

    @Test func `a refusal of HTTP/1.1 arrives before the body, and the connection ends`() async throws {
        try await secured { server, pair async throws in
            let connection = try await open(server, pair, ["http/1.1"])
            try await connection.send(
                request("POST /upload", ["X-File-Id": "a", "X-Start-Byte": "7"], length: 1 << 34))
            for _ in 0..<16 { connection.push([UInt8](repeating: 1, count: 1 << 20)) }
            let answer = try await connection.readFinal()
            #expect(answer.status == 400 && answer.text == "0" && answer["connection"] == "close")
            _ = try? await connection.readToEnd()  // ends, or is reset: it does not go on
            #expect(try await server.engine.uploads(.open, for: .everyone, after: nil, limit: 10).isEmpty)
        }
    }

    @Test func `clients that never greet are closed`() async throws {
        try await secured({ $0.channel.headTimeout = .milliseconds(300) }) { server, _ async throws in
            let silent = try await RawConnection.open(server.port)
            #expect(try await silent.readToEnd() == [])
        }
    }

    @Test func `HTTP in the clear is no handshake`() async throws {
        try await secured { server, pair async throws in
            let connection = try await RawConnection.open(server.port)
            try await connection.send(request("GET /health"))
            let end = try? await connection.readToEnd()  // an alert, or a reset: no answer in any case
            #expect(end?.starts(with: Array("HTTP".utf8)) != true)
            let client = try await StreamClient.open(server.port, pair)
            #expect(try await client.ask(.get, "/health").status == 200)
        }
    }

    // MARK: HTTP/2

    @Test func `streams carry files both ways, many at once`() async throws {
        try await secured { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<24 {
                    group.addTask {
                        let content = bytes(index..<(index + 300_000))
                        let put = try await client.ask(.put, "/files/f\(index)", body: content)
                        #expect(put.status == 201 && put.isWhole && put.reset == nil)
                        let path = try #require(put["location"]).replacing("https://localhost", with: "")
                        let got = try await client.ask(.get, path)
                        #expect(got.status == 200 && got.body == content)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `100 Continue is sent when the body is wanted, and not before a refusal`() async throws {
        try await secured { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            let expect: HTTPFields = [field("x-file-id"): "a", field("expect"): "100-continue"]
            let stream = try await client.begin(.post, "/upload", expect, length: 3)
            #expect(await stream.interim() == 100)
            try await stream.send([1, 2, 3])
            stream.finish()
            #expect(try await stream.answer().status == 200)
            let refused = try await client.begin(.post, "/nowhere", expect, length: 3)
            let answer = try await refused.answer()
            #expect(answer.status == 404 && answer.interim.isEmpty)
            let other = try await client.ask(.post, "/upload", [field("expect"): "more"], body: [1])
            #expect(other.status == 417)
        }
    }

    @Test func `a refusal is whole, the stream is reset without blame, and the connection goes on`() async throws {
        try await secured { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            let fields: HTTPFields = [field("x-file-id"): "a", field("x-start-byte"): "7"]
            let stream = try await client.begin(.post, "/upload", fields, length: 1 << 34)
            for _ in 0..<16 { stream.push([UInt8](repeating: 1, count: 1 << 20)) }
            let answer = try await stream.answer()
            #expect(answer.status == 400 && answer.text == "0" && answer.isWhole && answer["connection"] == nil)
            #expect(answer.reset == NIOHTTP2.HTTP2ErrorCode.noError)
            #expect(try await client.ask(.get, "/health").status == 200)
            #expect(try await server.engine.uploads(.open, for: .everyone, after: nil, limit: 10).isEmpty)
        }
    }

    @Test func `a stream that breaks off leaves what came of it`() async throws {
        try await secured { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            let stream = try await client.begin(.post, "/upload", [field("x-file-id"): "a"], length: 200_000)
            try await stream.send(bytes(0..<100_000))
            try await server.wait(for: "a", toReach: 100_000)
            try? await stream.channel.close()  // it says that the stream was cut
            try await server.wait(for: "a", toReach: 100_000)
            #expect(try await client.ask(.get, "/health").status == 200)
        }
    }

    @Test func `a body that stands still is cut, what came of it is kept, and the other streams go on`() async throws {
        try await secured(stall: .milliseconds(300)) { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            let stream = try await client.begin(.post, "/upload", [field("x-file-id"): "a"], length: 200_000)
            try await stream.send(bytes(0..<100_000))
            let answer = try await stream.answer()
            #expect(answer.status == 408 && answer.isWhole && answer.reset == NIOHTTP2.HTTP2ErrorCode.noError)
            let kept = try await server.engine.upload(named: .init("a", of: .everyone), for: .everyone)
            #expect(kept?.offset == 100_000)
            #expect(try await client.ask(.get, "/health").status == 200)
        }
    }

    @Test func `an upload's address is told before its body has arrived`() async throws {
        try await secured { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            let fields: HTTPFields = [
                field("upload-complete"): "?1", field("upload-draft-interop-version"): "6",
            ]
            let stream = try await client.begin(.post, "/files", fields, length: 3)
            #expect(await stream.interim() == 104)
            try await stream.send([1, 2, 3])
            stream.finish()
            let answer = try await stream.answer()
            #expect(answer.status == 200 || answer.status == 201)
        }
    }

    @Test func `trailers are read`() async throws {
        try await secured { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            let fields: HTTPFields = [field("trailer"): "Content-Digest"]
            let stream = try await client.begin(.put, "/files/a", fields)
            try await stream.send([1, 2, 3])
            stream.finish([field("content-digest"): "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"])
            #expect(try await stream.answer().status == 422)
        }
    }

    @Test func `a length that is not kept ends the stream, and nothing is made of it`() async throws {
        try await secured { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            let stream = try await client.begin(.put, "/files/a", length: 10)
            stream.push([1, 2, 3])
            stream.finish()
            let answer = try await stream.answer()
            #expect(answer.status == 0 || answer.status == 400)
            #expect(try await server.engine.uploads(.complete, for: .everyone, after: nil, limit: 10).isEmpty)
        }
    }

    @Test func `more streams than there is room for are reset, and the others go on`() async throws {
        try await secured({ $0.connections = 2 }) { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            var streams: [Stream] = []
            for index in 0..<3 {
                let fields: HTTPFields = [field("x-file-id"): "f\(index)", field("expect"): "100-continue"]
                streams.append(try await client.begin(.post, "/upload", fields, length: 1))
                if index < 2 { #expect(await streams[index].interim() == 100) }
            }
            #expect(try await streams[2].answer().status == 0)
            for stream in streams[..<2] {
                stream.push([1])
                stream.finish()
                #expect(try await stream.answer().status == 200)
            }
            #expect(try await client.ask(.get, "/health").status == 200)
        }
    }

    @Test func `a connection without a stream is closed`() async throws {
        try await secured({ $0.channel.idleTimeout = .milliseconds(300) }) { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair)
            await client.connection.waitForEnd()
            #expect(client.connection.answer.goAway != nil)
        }
    }

    @Test func `of an answer that nobody takes only the stream is closed`() async throws {
        try await secured({ $0.channel.sendTimeout = .milliseconds(300) }) { server, pair async throws in
            let client = try await StreamClient.open(server.port, pair, window: 1024)
            let content = bytes(0..<400_000)
            let put = try await client.ask(.put, "/files/a", body: content)
            let path = try #require(put["location"]).replacing("https://localhost", with: "")
            let stream = try await client.begin(.get, path)
            try await stream.channel.setOption(.autoRead, value: false).get()
            stream.finish()
            let answer = try await stream.answer()
            #expect(!answer.isWhole)
            #expect(try await client.ask(.get, "/health").status == 200)
        }
    }

    @Test func `a stop answers running bodies, keeps what came, and ends the connections`() async throws {
        try await secured { server, pair async throws in
            let (busy, idle) = (
                try await StreamClient.open(server.port, pair), try await StreamClient.open(server.port, pair)
            )
            #expect(try await idle.ask(.get, "/health").status == 200)
            let halfway = try await RawConnection.open(server.port)
            let stream = try await busy.begin(.post, "/upload", [field("x-file-id"): "a"], length: 200_000)
            try await stream.send(bytes(0..<100_000))
            try await server.wait(for: "a", toReach: 100_000)
            await server.stop()
            let answer = try await stream.answer()
            #expect(answer.status == 503 && answer.isWhole && answer["retry-after"] != nil)
            let prefix = try #require(Int64(answer.text))
            #expect(try await server.engine.upload(named: .init("a", of: .everyone), for: .everyone)?.offset == prefix)
            await busy.connection.waitForEnd()
            await idle.connection.waitForEnd()
            _ = try? await halfway.readToEnd()  // ends, or is reset
        }
    }
}
