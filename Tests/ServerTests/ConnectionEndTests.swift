import CairnServer
import NIOCore
import NIOEmbedded
import NIOHTTP1
import RawHTTP
import Testing

@Suite struct `A request behind another one` {
    @Test func `may take longer than an idle connection is kept`() async throws {
        let configure: (inout UploadServer.Configuration) -> Void = { $0.channel.idleTimeout = .milliseconds(300) }
        try await TestServer.run(configure: configure) { server async throws in
            let connection = try await server.open()
            let upload = request("POST /upload", ["X-File-Id": "a"], length: 10)
            try await connection.send(request("GET /status") + upload)
            #expect(try await connection.readFinal().text == "0")
            for byte in bytes(0..<10) {
                try await Task.sleep(for: .milliseconds(100))
                try await connection.send([byte])
            }
            #expect(try await connection.readFinal().status == 200)
            #expect(try await server.status("a") == "10")
        }
    }
}

@Suite struct `A client that has closed its sending side` {
    @Test(arguments: ["HTTP/1.1", "HTTP/1.0"])
    func `gets all of its answer, however slowly it reads`(version: String) async throws {
        try await TestServer.run { server async throws in
            let file = bytes(0..<(8 << 20))
            let path = try #require(try await server.ask("PUT /files/a", body: file)["location"])
            let connection = try await server.open()
            try await connection.setReading(false)
            try await connection.send("GET \(path) \(version)\nHost: x\n\n")
            try await connection.finish()
            // A little at a time, so that bytes wait to be sent when the answer ends.
            for length in stride(from: 0, to: file.count, by: 128 << 10) {
                // Closed once all has come: the server's half is, and ours was before.
                try? await connection.setReading(true)
                try await connection.wait(for: length)
                try? await connection.setReading(false)
                try await Task.sleep(for: .milliseconds(5))
            }
            try? await connection.setReading(true)
            let answer = try await connection.readFinal()
            let isWhole = answer.body == file
            #expect(answer.status == 200 && isWhole)
        }
    }
}

@Suite struct `Closing our half` {
    @Test func `waits until the last answer is sent`() {
        let socket = SlowSocket()
        let channel = EmbeddedChannel(handlers: [socket, LingeringClose(drainLength: 10, timeout: .seconds(1))])
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        channel.pipeline.fireChannelRead(HTTPServerRequestPart.head(head))
        channel.pipeline.fireChannelRead(HTTPServerRequestPart.end(nil))
        let answer = HTTPResponseHead(version: .http1_1, status: .ok)
        channel.write(HTTPServerResponsePart.head(answer), promise: nil)
        channel.write(HTTPServerResponsePart.end(nil), promise: nil)
        channel.close(mode: .output, promise: nil)
        #expect(socket.closes.isEmpty && socket.unsent.count == 1)
        for promise in socket.unsent { promise.succeed() }
        #expect(socket.closes == [.output])
    }
}

/// Keeps what is written for as long as a test likes, as the socket of a client does that reads slowly.
private final class SlowSocket: ChannelOutboundHandler {
    typealias OutboundIn = HTTPServerResponsePart

    private(set) var unsent: [EventLoopPromise<Void>] = []
    private(set) var closes: [CloseMode] = []

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if let promise { unsent.append(promise) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        closes.append(mode)
        promise?.succeed()
    }
}
