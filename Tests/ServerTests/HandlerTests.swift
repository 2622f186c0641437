import CairnServer
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Testing

@Suite struct `Joining the parts of a body` {
    private let budget = ReceiveBudget(total: 100, bounds: 10...100)

    /// What comes out when `events` happen to a channel.
    private func parts(_ events: (EmbeddedChannel) throws -> Void) throws -> [HTTPRequestPart] {
        let channel = EmbeddedChannel(handler: BodyJoiner(budget))
        try events(channel)
        var parts: [HTTPRequestPart] = []
        while let part = try channel.readInbound(as: HTTPRequestPart.self) { parts.append(part) }
        _ = try? channel.finish()
        return parts
    }

    private func part(_ text: String) -> HTTPRequestPart { .body(ByteBuffer(string: text)) }

    @Test func `parts of one read become one`() throws {
        let parts = try parts { channel in
            for text in ["a", "b", "c"] { channel.pipeline.fireChannelRead(part(text)) }
            channel.pipeline.fireChannelReadComplete()
        }
        #expect(parts == [part("abc")])
    }

    @Test func `nothing is held back when a read is over`() throws {
        let parts = try parts { channel in
            channel.pipeline.fireChannelRead(part("a"))
            channel.pipeline.fireChannelReadComplete()
            channel.pipeline.fireChannelRead(part("b"))
            channel.pipeline.fireChannelReadComplete()
        }
        #expect(parts == [part("a"), part("b")])
    }

    @Test func `what is held goes out before an end, an error, a close`() throws {
        #expect(
            try parts { channel in
                channel.pipeline.fireChannelRead(part("a"))
                channel.pipeline.fireChannelRead(HTTPRequestPart.end(nil))
            } == [part("a"), .end(nil)])
        #expect(
            try parts { channel in
                channel.pipeline.fireChannelRead(part("a"))
                channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            } == [part("a")])
        #expect(
            try parts { channel in
                channel.pipeline.fireChannelRead(part("a"))
                channel.pipeline.fireChannelInactive()
            } == [part("a")])
        #expect(
            try parts { channel in
                channel.pipeline.fireChannelRead(part("a"))
                channel.pipeline.fireErrorCaught(HTTPParserError.unknown)
                #expect(throws: HTTPParserError.self) { try channel.throwIfErrorCaught() }
            } == [part("a")])
    }

    @Test func `no more is joined than the budget allows`() throws {
        let long = String(repeating: "x", count: 60)
        let parts = try parts { channel in
            for _ in 0..<3 { channel.pipeline.fireChannelRead(part(long)) }
            channel.pipeline.fireChannelReadComplete()
        }
        #expect(parts == [part(long), part(long), part(long)])
    }

    @Test func `many uploads share what few had alone`() {
        #expect(budget.share == 100)
        for _ in 0..<4 { budget.begin() }
        #expect(budget.share == 25)
        for _ in 0..<96 { budget.begin() }
        #expect(budget.share == 10)
        for _ in 0..<99 { budget.end() }
        #expect(budget.share == 100)
    }

    @Test func `a request has a share while it brings much, until it ends, or its connection does`() throws {
        let budget = ReceiveBudget(total: 100, bounds: 10...100)
        let head = HTTPRequestPart.head(HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/"))
        let channels = (0..<2).map { _ in EmbeddedChannel(handler: BodyJoiner(budget)) }
        for channel in channels {
            channel.pipeline.fireChannelRead(head)
            channel.pipeline.fireChannelRead(HTTPRequestPart.body(ByteBuffer(repeating: 0, count: 9)))
        }
        #expect(budget.share == 100, "slow ones take nothing from others")
        let much = HTTPRequestPart.body(ByteBuffer(repeating: 0, count: 10))
        for channel in channels { channel.pipeline.fireChannelRead(much) }
        #expect(budget.share == 50)
        channels[0].pipeline.fireChannelRead(HTTPRequestPart.end(nil))
        channels[0].pipeline.fireChannelRead(HTTPRequestPart.end(nil))
        #expect(budget.share == 100)
        channels[0].pipeline.fireChannelRead(head)
        channels[0].pipeline.fireChannelRead(much)
        for channel in channels { _ = try channel.finish(acceptAlreadyClosed: true) }
        channels[0].embeddedEventLoop.run()
        channels[1].embeddedEventLoop.run()
        budget.begin()
        budget.begin()
        #expect(budget.share == 50)
    }

    @Test func `reads grow while they come back full and shrink again`() {
        var allocator = SharedReceiveAllocator(ReceiveBudget(total: 100, bounds: 10...100))
        var lengths: [Int] = []
        for read in [10, 20, 40, 80, 100, 50, 10, 10, 10, 10] {
            lengths.append(allocator.buffer(allocator: ByteBufferAllocator()).writableBytes)
            _ = allocator.record(actualReadBytes: read)
        }
        #expect(zip(lengths, lengths.dropFirst()).prefix(3).allSatisfy { $0 < $1 })
        #expect(lengths[4] >= 100 && lengths[9] < 50)
    }
}

@Suite struct `How an exchange ends` {
    private func head(_ fields: [(String, String)] = [], _ version: HTTPVersion = .http1_1) -> HTTPRequestHead {
        HTTPRequestHead(version: version, method: .POST, uri: "/", headers: HTTPHeaders(fields))
    }

    @Test func `after a whole request the connection goes on`() {
        var end = ExchangeEnd(drainLength: 10)
        #expect(end.read(head()) == .deliver && end.read(bytes: 5) == .deliver && end.readEnd() == .deliver)
        #expect(!end.writeHead() && end.writeEnd() == .goOn && !end.isLingering)
    }

    @Test func `an answer before the request's end closes, and a little is drained`() {
        var end = ExchangeEnd(drainLength: 10)
        #expect(end.read(head()) == .deliver)
        #expect(end.writeHead() && end.writeEnd() == .linger && end.wantsMore)
        #expect(end.read(bytes: 6) == .drop && end.wantsMore)
        #expect(end.read(bytes: 6) == .drop && !end.wantsMore)
        #expect(end.readEnd() == .close)
    }

    @Test func `a request that ends while it is answered still closes, as was said`() {
        var end = ExchangeEnd(drainLength: 10)
        #expect(end.read(head()) == .deliver && end.writeHead() && end.readEnd() == .deliver)
        #expect(end.writeEnd() == .close)
    }

    @Test func `clients that cannot go on are closed`() {
        for head in [head([("connection", "close")]), head([], .http1_0), head([("upgrade", "h2c")])] {
            var end = ExchangeEnd(drainLength: 10)
            #expect(end.read(head) == .deliver && end.readEnd() == .deliver)
            #expect(end.writeHead() && end.writeEnd() == .close)
        }
    }

    @Test func `an answer to what was no request lingers`() {
        var end = ExchangeEnd(drainLength: 10)
        #expect(end.writeHead() && end.writeEnd() == .linger)
        #expect(end.read(head()) == .drop)
    }
}

@Suite struct `Answers that nobody takes` {
    private func body(_ length: Int) -> HTTPServerResponsePart {
        .body(.byteBuffer(ByteBuffer(repeating: 1, count: length)))
    }

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: SendDeadline(patience: .seconds(60)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    @Test func `end their connection`() throws {
        let channel = try channel()
        channel.write(body(1000), promise: nil)  // never flushed: it cannot leave
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test func `may be slow as long as they go on`() throws {
        let channel = try channel()
        for _ in 0..<5 {
            channel.write(body(1000), promise: nil)
            channel.embeddedEventLoop.advanceTime(by: .seconds(59))
            channel.flush()
        }
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
    }

    @Test func `go down in slices, all of them`() throws {
        let channel = try channel()
        try channel.writeOutbound(body(1_000_000))
        var lengths: [Int] = []
        while case .body(let part) = try channel.readOutbound(as: HTTPServerResponsePart.self) {
            lengths.append(part.readableBytes)
        }
        #expect(lengths.reduce(0, +) == 1_000_000 && lengths.max() == 262_144)
    }
}

@Suite struct `Heads that do not come` {
    private let settings = (first: Duration.seconds(30), later: Duration.seconds(75))

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: HeadDeadline(first: settings.first, later: settings.later))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    @Test func `end a new connection after its time`() throws {
        let channel = try channel()
        channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test func `are not waited for while a request runs, and longer after an answer`() throws {
        let channel = try channel()
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        channel.pipeline.fireChannelRead(HTTPServerRequestPart.head(head))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .seconds(74))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }
}
