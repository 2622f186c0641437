import NIOCore
import NIOHTTP2

/// Ends a connection of streams: when none was open for too long, and when the server stops and the last is over.
final class StreamKeeper: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private var count = 0
    private var last = HTTP2StreamID.rootStream
    private var isEnding = false
    private let idle: TimeAmount
    private var deadline: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(idle: Duration) { self.idle = TimeAmount(idle) }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        expectStream(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { end(context) }
        // Streams are answered over the half that is still open.
        if event as? ChannelEvent == .inputClosed { end(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // One stream's fault is heard by its own channel; what arrives here concerns them all.
        context.close(promise: nil)
    }

    /// Takes no further stream, and closes with the last one.
    private func end(_ context: ChannelHandlerContext) {
        guard !isEnding else { return }
        isEnding = true
        deadline?.cancel()
        let frame = HTTP2Frame(
            streamID: .rootStream, payload: .goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil))
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
        if count == 0 { context.close(promise: nil) }
    }

    private func expectStream(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: idle) { self.end(context) }
    }

    fileprivate func opened(_ id: HTTP2StreamID) {
        count += 1
        last = max(last, id)
        deadline?.cancel()
    }

    fileprivate func closed() {
        count -= 1
        guard count == 0, let context else { return }
        if isEnding { context.close(promise: nil) } else { expectStream(context) }
    }
}

/// Tells a keeper of the streams of its connection.
struct StreamCount: NIOHTTP2StreamDelegate {
    private let keeper: NIOLoopBound<StreamKeeper>

    init(_ keeper: StreamKeeper, _ loop: any EventLoop) { self.keeper = NIOLoopBound(keeper, eventLoop: loop) }

    func streamCreated(_ id: HTTP2StreamID, channel: any Channel) { keeper.value.opened(id) }

    func streamClosed(_ id: HTTP2StreamID, channel: any Channel) { keeper.value.closed() }
}
