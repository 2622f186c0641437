import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Between NIO's HTTP/1 parts and the shared HTTP types, keeping reason phrases: X-Start-Byte's client shows them.
final class HTTPCodec: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let isSecure: Bool

    /// - Parameter isSecure: Whether TLS is below, so that clients reach this server by `https`.
    init(isSecure: Bool) { self.isSecure = isSecure }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            do {
                let request = try HTTPRequest(head, secure: isSecure, splitCookie: false)
                context.fireChannelRead(Self.wrapInboundOut(.head(request)))
            } catch { context.fireErrorCaught(error) }
        case .body(let bytes): context.fireChannelRead(Self.wrapInboundOut(.body(bytes)))
        case .end(let trailers):
            context.fireChannelRead(Self.wrapInboundOut(.end(trailers.map { HTTPFields($0, splitCookie: false) })))
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch Self.unwrapOutboundIn(data) {
            case .head(let response): .head(HTTPResponseHead(saying: response))
            case .body(let bytes): .body(.byteBuffer(bytes))
            case .end(let trailers): .end(trailers.map { HTTPHeaders($0) })
            }
        context.write(Self.wrapOutboundOut(part), promise: promise)
    }
}

extension HTTPResponseHead {
    /// The head with its own reason phrase: NIO's conversion replaces that of every code it knows.
    init(saying response: HTTPResponse) {
        let known = HTTPResponseStatus(statusCode: response.status.code)
        let phrase = response.status.reasonPhrase
        let isKnown = phrase.isEmpty || phrase == known.reasonPhrase
        self.init(
            version: .http1_1,
            status: isKnown ? known : .custom(code: UInt(response.status.code), reasonPhrase: phrase),
            headers: HTTPHeaders(response.headerFields))
    }
}
