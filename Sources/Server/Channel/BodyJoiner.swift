package import NIOCore
package import NIOHTTPTypes

/// Joins the many small parts of a body that arrive together, so that each costs one hop and not one of its own.
///
/// It holds parts only while a read goes on: at the read's end, and before an end, an error or a close, it hands over
/// what it has. Between two reads it holds nothing, so a cut loses nothing, and it never reads on its own account.
package final class BodyJoiner: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart

    private var held = ByteBuffer()
    /// Whether parts as long as the least read came since the request began: it then has a share. Slow ones have none,
    /// or a thousand of them would make every upload slow.
    private var hasShare = false
    private let budget: ReceiveBudget

    package init(_ budget: ReceiveBudget) { self.budget = budget }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head: context.fireChannelRead(data)
        case .body(let bytes):
            if bytes.readableBytes >= budget.least { setShare(true) }
            hold(bytes, context)
        case .end:
            setShare(false)
            handOver(context)
            context.fireChannelRead(data)
        }
    }

    private func hold(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        if held.readableBytes + bytes.readableBytes > budget.share { handOver(context) }
        if held.readableBytes == 0 {
            held = bytes
        } else {
            held.writeImmutableBuffer(bytes)  // a copy, of small parts only: large ones come alone
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        handOver(context)
        context.fireChannelReadComplete()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        handOver(context)
        context.fireErrorCaught(error)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        handOver(context)
        context.fireChannelInactive()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { handOver(context) }
        context.fireUserInboundEventTriggered(event)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        setShare(false)
        handOver(context)
    }

    private func setShare(_ hasShare: Bool) {
        guard hasShare != self.hasShare else { return }
        self.hasShare = hasShare
        if hasShare { budget.begin() } else { budget.end() }
    }

    private func handOver(_ context: ChannelHandlerContext) {
        guard held.readableBytes > 0 else { return }
        let bytes = held
        held = ByteBuffer()
        context.fireChannelRead(Self.wrapInboundOut(.body(bytes)))
    }
}
