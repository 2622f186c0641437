import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2
import NIOPosix
import NIOSSL
import RawHTTP
import Synchronization

/// A connection of HTTP/2 over TLS, whose streams are sent piece by piece.
struct StreamClient: Sendable {
    private let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
    let connection: StreamEvents

    /// - Parameter window: What the server may send of a stream before it is read, in bytes.
    static func open(
        _ port: Int, _ certificates: TestCertificates, window: Int = 1 << 20
    ) async throws -> StreamClient {
        let context = try certificates.client(["h2"])
        let events = StreamEvents()
        let made = NIOLockedValueBox<NIOHTTP2Handler.StreamMultiplexer?>(nil)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var configuration = NIOHTTP2Handler.Configuration()
                    configuration.connection.initialSettings = [
                        HTTP2Setting(parameter: .initialWindowSize, value: window)
                    ]
                    configuration.stream.targetWindowSize = window
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    let multiplexer = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                        mode: .client, connectionConfiguration: configuration.connection,
                        streamConfiguration: configuration.stream
                    ) { $0.close() }
                    made.withLockedValue { $0 = multiplexer }
                    try channel.pipeline.syncOperations.addHandler(ConnectionWatch(events))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        guard let multiplexer = made.withLockedValue({ $0 }) else { throw ChannelError.inappropriateOperationForState }
        return StreamClient(channel: channel, multiplexer: multiplexer, connection: events)
    }

    /// Sends a head, and nothing more of its request.
    func begin(
        _ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:], length: Int? = nil
    ) async throws -> Stream {
        let events = StreamEvents()
        let promise = channel.eventLoop.makePromise(of: (any Channel).self)
        multiplexer.createStreamChannel(promise: promise) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandlers(
                    [HTTP2FramePayloadToHTTPClientCodec(), StreamWatch(events)] as [any ChannelHandler])
            }
        }
        let stream = Stream(channel: try await promise.futureResult.get(), events: events)
        var head = HTTPRequest(
            method: method, scheme: "https", authority: "localhost", path: path, headerFields: fields)
        head.headerFields[.contentLength] = length.map { "\($0)" }
        try await stream.channel.writeAndFlush(HTTPRequestPart.head(head))
        return stream
    }

    /// One request and its answer.
    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:], body: [UInt8]? = nil
    ) async throws -> StreamAnswer {
        let stream = try await begin(method, path, fields, length: body?.count)
        if let body { stream.push(body) }
        stream.finish()
        return try await stream.answer()
    }

    func close() async throws {
        do { try await channel.close() } catch ChannelError.alreadyClosed {}  // by the other side
    }
}

/// One request on its way.
struct Stream: Sendable {
    let channel: any Channel
    let events: StreamEvents

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(HTTPRequestPart.body(ByteBuffer(bytes: bytes)))
    }

    /// Sends without waiting: to a server that may not want it.
    func push(_ bytes: [UInt8]) {
        channel.writeAndFlush(HTTPRequestPart.body(ByteBuffer(bytes: bytes)), promise: nil)
    }

    func finish(_ trailers: HTTPFields? = nil) { channel.writeAndFlush(HTTPRequestPart.end(trailers), promise: nil) }

    /// Returns once an interim answer has come, or any end.
    func interim() async -> Int? {
        await events.wait { !$0.interim.isEmpty || $0.isOver }
        return events.answer.interim.first
    }

    /// The answer, with how its stream ended.
    func answer() async throws -> StreamAnswer {
        await events.wait { $0.isOver }
        return events.answer
    }
}

struct StreamAnswer: Sendable {
    var interim: [Int] = []
    var head: HTTPResponse?
    var body: [UInt8] = []
    /// Whether all of it came.
    var isWhole = false
    /// With what the other side ended the stream, if not by an end of the answer.
    var reset: NIOHTTP2.HTTP2ErrorCode?
    var isClosed = false
    /// Of a connection: the last stream of a GOAWAY.
    var goAway: HTTP2StreamID?

    var status: Int { head?.status.code ?? 0 }
    var text: String { String(decoding: body, as: UTF8.self) }
    fileprivate var isOver: Bool { isClosed }

    subscript(name: String) -> String? { HTTPField.Name(name).flatMap { head?.headerFields[$0] } }
}

final class StreamEvents: Sendable {
    private struct State {
        var answer = StreamAnswer()
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var answer: StreamAnswer { state.withLock { $0.answer } }

    func change(_ change: @Sendable (inout StreamAnswer) -> Void) {
        let waiters = state.withLock { state in
            change(&state.answer)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait(_ isReady: @Sendable (StreamAnswer) -> Bool) async {
        while !isReady(answer) {
            await withCheckedContinuation { waiter in
                let isReady = state.withLock { state in
                    if isReady(state.answer) { return true }
                    state.waiters.append(waiter)
                    return false
                }
                if isReady { waiter.resume() }
            }
        }
    }

    /// Returns when the connection or the stream is gone.
    func waitForEnd() async { await wait { $0.isClosed } }
}

private final class StreamWatch: ChannelInboundHandler {
    typealias InboundIn = HTTPResponsePart

    private let events: StreamEvents

    init(_ events: StreamEvents) { self.events = events }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head) where head.status.code < 200: events.change { $0.interim.append(head.status.code) }
        case .head(let head): events.change { $0.head = head }
        case .body(let bytes): events.change { $0.body += Array(bytes.readableBytesView) }
        case .end: events.change { $0.isWhole = true }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? NIOHTTP2Errors.StreamClosed { events.change { $0.reset = error.errorCode } }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { events.change { $0.isClosed = true } }
}

private final class ConnectionWatch: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame

    private let events: StreamEvents

    init(_ events: StreamEvents) { self.events = events }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway(let last, _, _) = Self.unwrapInboundIn(data).payload { events.change { $0.goAway = last } }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        events.change { $0.isClosed = true }
        context.fireChannelInactive()
    }
}
