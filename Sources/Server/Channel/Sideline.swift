import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import Synchronization

/// What goes over a connection beside a request's body and its one answer: interim answers out, trailers in.
struct Sideline: Sendable {
    /// That of the request which the current task answers; nil on connections that have none.
    @TaskLocal static var current: Sideline?

    let channel: any Channel

    /// Sends an interim answer; a client of HTTP/1.0 knows none, and after the final one there is none.
    func send(_ head: HTTPResponse) { channel.triggerUserOutboundEvent(InterimHead(head: head), promise: nil) }

    /// The trailers of the request, once its body has ended; nil when there were none, or the connection is gone.
    func trailer() async -> HTTPFields? {
        let question = TrailerQuestion()
        let asked = channel.eventLoop.makePromise(of: Void.self)
        channel.triggerUserOutboundEvent(question, promise: asked)
        try? await asked.futureResult.get()  // it fails when nobody is there to answer
        return question.answer.withLock { $0 }
    }
}

struct InterimHead: Sendable {
    let head: HTTPResponse
}

final class TrailerQuestion: Sendable {
    let answer = Mutex<HTTPFields?>(nil)
}

/// Keeps the trailers of the request that goes on, and writes interim answers between its head and its final answer.
final class SidelineHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var trailers: HTTPHeaders?
    private var takesInterim = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            trailers = nil
            takesInterim = head.isModern
        case .body: break
        case .end(let trailers): self.trailers = trailers
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .head = Self.unwrapOutboundIn(data) { takesInterim = false }
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event {
        case let question as TrailerQuestion:
            let fields = trailers.map { HTTPFields($0, splitCookie: false) }
            question.answer.withLock { $0 = fields }
            promise?.succeed()
        case let interim as InterimHead:
            guard takesInterim else {
                promise?.succeed()
                return
            }
            context.writeAndFlush(Self.wrapOutboundOut(.head(HTTPResponseHead(saying: interim.head))), promise: promise)
        default: context.triggerUserOutboundEvent(event, promise: promise)
        }
    }
}
