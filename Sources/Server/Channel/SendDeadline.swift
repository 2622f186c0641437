package import NIOCore
package import NIOHTTP1

/// Closes connections whose client takes no bytes of its answer for too long: a download holds whole chunks in memory.
///
/// Bodies go down in slices of 256 KiB, so that a slow client is told from one that is gone.
package final class SendDeadline: ChannelOutboundHandler, RemovableChannelHandler {
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    private static let sliceLength = 256 * 1024

    private let patience: TimeAmount
    private var unsentCount = 0
    private var deadline: Scheduled<Void>?

    package init(patience: Duration) { self.patience = TimeAmount(patience) }

    package func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .body(.byteBuffer(var bytes)) = Self.unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        while bytes.readableBytes > Self.sliceLength, let slice = bytes.readSlice(length: Self.sliceLength) {
            send(slice, nil, context)
        }
        send(bytes, promise, context)
    }

    private func send(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        unsentCount += 1
        if unsentCount == 1 { expectProgress(context) }
        let sent = promise ?? context.eventLoop.makePromise()
        let handler = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        sent.futureResult.assumeIsolated().whenComplete { _ in
            let (handler, context) = handler.value
            handler.unsentCount -= 1
            handler.expectProgress(context)
        }
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(bytes))), promise: sent)
    }

    private func expectProgress(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        guard unsentCount > 0 else { return }
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
    }
}
