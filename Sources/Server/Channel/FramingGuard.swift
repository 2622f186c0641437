import CairnDialects
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// Answers what is no proper message, before a route sees it: 400, 417 or 431, and the connection ends.
final class FramingGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State { case betweenRequests, inRequest, refused }

    private var state = State.betweenRequests
    private let headerLength: Int
    private let logger: Logger

    init(headerLength: Int, logger: Logger) {
        self.headerLength = headerLength
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .refused else { return }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            if let fault = Framing.fault(in: head) { return refuse(fault, head.method, context) }
            state = .inRequest
        case .body: break
        case .end: state = .betweenRequests
        }
        context.fireChannelRead(data)
    }

    /// A broken head is answered here. A broken body is the route's: for it the body ends in an error.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, state == .betweenRequests else {
            return context.fireErrorCaught(error)
        }
        refuse(error == .headerOverflow ? .headerTooLong(limit: headerLength) : .framing, nil, context)
    }

    /// - Parameter method: Nil when the head could not be read so far.
    private func refuse(_ error: RequestError, _ method: HTTPMethod?, _ context: ChannelHandlerContext) {
        state = .refused
        let answer = Problem(error).answer(for: "")
        // A stream's context knows no address; its channel does.
        logger.info("\(AccessLog.refusal(answer.head.status, context.channel.remoteAddress))")
        context.write(Self.wrapOutboundOut(.head(HTTPResponseHead(saying: answer.head))), promise: nil)
        for case .bytes(let bytes) in answer.body where method != .HEAD {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }
}
