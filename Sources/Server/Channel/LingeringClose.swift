package import NIOCore
package import NIOHTTP1

/// Ends connections so that the client can read its answer.
///
/// An answer that comes before its request is over says `Connection: close`; then our half is closed, a little of the
/// rest is read and dropped, and the connection is closed. A body of 10 GB that is refused is not swallowed, and no
/// reset overtakes the refusal.
package final class LingeringClose: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    private var end: ExchangeEnd
    private let timeout: TimeAmount
    private var deadline: Scheduled<Void>?
    /// Done when the last answer's end is with the system.
    private var lastEnd: EventLoopFuture<Void>?

    package init(drainLength: Int, timeout: Duration) {
        end = ExchangeEnd(drainLength: drainLength)
        self.timeout = TimeAmount(timeout)
    }

    // MARK: Inbound

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let action =
            switch Self.unwrapInboundIn(data) {
            case .head(let head): end.read(head)
            case .body(let bytes): end.read(bytes: bytes.readableBytes)
            case .end: end.readEnd()
            }
        switch action {
        case .deliver: context.fireChannelRead(data)
        case .drop: break
        case .close: afterLastEnd(context) { $0.close(promise: nil) }
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if end.wantsMore { context.read() }
        context.fireChannelReadComplete()
    }

    /// A reader above asks for nothing any more once we linger.
    package func read(context: ChannelHandlerContext) {
        if !end.isLingering { context.read() }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard end.isLingering else { return context.fireErrorCaught(error) }
        if case .dataReceivedInErrorState(_, let bytes)? = error as? ByteToMessageDecoderError {
            _ = end.read(bytes: bytes.readableBytes)
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if end.isLingering, event as? ChannelEvent == .inputClosed {
            afterLastEnd(context) { $0.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    // MARK: Outbound

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !end.isLingering else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch Self.unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            let isLast = head.headers["connection"].contains("close")
            if end.writeHead(closing: isLast) { head.headers.replaceOrAdd(name: "connection", value: "close") }
            context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
        case .head, .body: context.write(data, promise: promise)
        case .end:
            let ending = end.writeEnd()
            let sent = promise ?? context.eventLoop.makePromise()
            lastEnd = sent.futureResult
            context.writeAndFlush(data, promise: sent)
            if ending != .goOn { closeOutput(context, thenLinger: ending == .linger) }
        }
    }

    /// Our half closes once everything is sent, however long the client takes to read it.
    private func closeOutput(_ context: ChannelHandlerContext, thenLinger lingers: Bool) {
        let handler = context.loopBound
        afterLastEnd(context) { context in
            context.close(mode: .output).assumeIsolated().whenComplete { result in
                if case .success = result, lingers { return self.linger(handler.value) }
                handler.value.close(promise: nil)
            }
        }
    }

    /// Closing our half of a connection whose client has closed its own closes all of it, with what waits to be sent:
    /// so it waits for that.
    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        afterLastEnd(context) { $0.close(mode: .output, promise: promise) }
    }

    private func afterLastEnd(
        _ context: ChannelHandlerContext, _ work: @escaping (ChannelHandlerContext) -> Void
    ) {
        guard let lastEnd else { return work(context) }
        let handler = context.loopBound
        lastEnd.assumeIsolated().whenComplete { _ in work(handler.value) }
    }

    private func linger(_ context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { context.close(promise: nil) }
        context.read()
    }
}
