package import NIOCore
package import NIOHTTP1

/// Closes connections that take too long to say what they want. While a request runs it is out of the way: how long a
/// body may stall is the engine's affair.
package final class HeadDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    private let first: TimeAmount
    private let later: TimeAmount
    private var deadline: Scheduled<Void>?

    package init(first: Duration, later: Duration) {
        self.first = TimeAmount(first)
        self.later = TimeAmount(later)
    }

    package func handlerAdded(context: ChannelHandlerContext) { expect(within: first, context) }

    package func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = Self.unwrapInboundIn(data) { deadline?.cancel() }
        context.fireChannelRead(data)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // First: behind a pipeline, writing the end may bring the next head at once.
        if case .end = Self.unwrapOutboundIn(data) { expect(within: later, context) }
        context.write(data, promise: promise)
    }

    private func expect(within time: TimeAmount, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
    }
}
