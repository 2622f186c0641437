package import NIOCore
package import NIOHTTP1

/// Fired outbound when a route first reads a request's body.
package struct BodyWanted: Sendable {
    package init() {}
}

/// Writes `100 Continue` when a client waits for it and a route wants the body; not when the answer went first, nor
/// when the body came unasked (RFC 9110, section 10.1.1).
package final class ExpectContinue: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    private var isClientWaiting = false

    package init() {}

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): isClientWaiting = head.isModern && head.headers.contains(name: "expect")
        case .body, .end: isClientWaiting = false
        }
        context.fireChannelRead(data)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isInterim = if case .head(let head) = Self.unwrapOutboundIn(data) { head.status.code < 200 } else { false }
        // An interim answer does not stand for the one that was asked for.
        if !isInterim { isClientWaiting = false }
        context.write(data, promise: promise)
    }

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is BodyWanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        promise?.succeed()
        guard isClientWaiting else { return }
        isClientWaiting = false
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(Self.wrapOutboundOut(.head(head)), promise: nil)
    }
}
