import NIOCore
import NIOHTTP2

/// Ends a stream whose answer came before its request was over (RFC 9113, section 8.1): the client hears that the rest
/// is not wanted, and that the answer is whole.
final class StreamEnd: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private var isRead = false
    /// Held as long as the stream is there.
    private let slot: Slots.Slot

    init(_ slot: Slots.Slot) { self.slot = slot }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if Self.unwrapInboundIn(data).endsStream { isRead = true }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard Self.unwrapOutboundIn(data).endsStream, !isRead else { return context.write(data, promise: promise) }
        let sent = promise ?? context.eventLoop.makePromise()
        // Before all of it is with the connection, a reset would take the rest back.
        sent.futureResult.assumeIsolated().whenSuccess {
            guard !self.isRead else { return }
            context.writeAndFlush(Self.wrapOutboundOut(.rstStream(.noError)), promise: nil)
        }
        context.write(data, promise: sent)
    }
}

extension HTTP2Frame.FramePayload {
    fileprivate var endsStream: Bool {
        switch self {
        case .headers(let headers): headers.endStream
        case .data(let data): data.endStream
        default: false
        }
    }
}
