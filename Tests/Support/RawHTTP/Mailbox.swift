import NIOCore
import Synchronization

/// What has arrived on a connection and was not read yet.
final class Mailbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var end: Result<Void, RawError>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// All unread bytes, and how the connection ended if it has.
    var contents: (bytes: [UInt8], end: Result<Void, RawError>?) { state.withLock { ($0.bytes, $0.end) } }

    func drop(_ length: Int) { state.withLock { $0.bytes.removeFirst(length) } }

    func put(_ bytes: ByteBuffer) { change { $0.bytes += bytes.readableBytesView } }

    func end(_ end: Result<Void, RawError>) { change { if $0.end == nil { $0.end = end } } }

    /// Returns when there are more than `count` unread bytes, or when no more will come.
    func wait(forMoreThan count: Int) async {
        await withCheckedContinuation { waiter in
            let isReady = state.withLock { state in
                guard state.bytes.count <= count, state.end == nil else { return true }
                state.waiter = waiter
                return false
            }
            if isReady { waiter.resume() }
        }
    }

    private func change(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            return state.waiter.take()
        }
        waiter?.resume()
    }
}

/// Puts what arrives into a mailbox.
final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let mailbox: Mailbox

    init(_ mailbox: Mailbox) { self.mailbox = mailbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { mailbox.put(Self.unwrapInboundIn(data)) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { mailbox.end(.success(())) }
    }

    func channelInactive(context: ChannelHandlerContext) { mailbox.end(.success(())) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        mailbox.end(.failure(.reset))
        context.close(promise: nil)
    }
}
