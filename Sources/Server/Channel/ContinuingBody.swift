import HTTPTypes
import Hummingbird
import NIOCore

/// A request's body that asks for itself: the connection is told when it is first read.
struct ContinuingBody: AsyncSequence, Sendable {
    let body: RequestBody
    let channel: any Channel

    func makeAsyncIterator() -> Iterator { Iterator(base: body.makeAsyncIterator(), channel: channel) }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        var channel: (any Channel)?

        mutating func next() async throws -> ByteBuffer? {
            channel?.triggerUserOutboundEvent(BodyWanted(), promise: nil)
            channel = nil
            return try await base.next()
        }
    }
}

extension Request {
    /// The request, its body asking for `100 Continue` when the client waits for that.
    func continuing(on channel: any Channel) -> Request {
        guard headers.contains(.expect) else { return self }
        var request = self
        request.body = RequestBody(asyncSequence: ContinuingBody(body: body, channel: channel))
        return request
    }
}
