package import NIOCore

extension Engine {
    /// A short body, or why there is none.
    package enum Collected: Sendable {
        case whole(ByteBuffer)
        case tooLong
        /// It broke off, came too slowly, or the server stops.
        case broken
    }

    /// All of a body of at most `limit` bytes; one that does not come is not waited for.
    package func collect(
        _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, upTo limit: Int
    ) async -> Collected {
        let limits = limits
        return await BodyEvents.of(
            body, expecting: nil, until: [(.stopping, stopping)], every: limits.checkpoint, clock
        ) { await BodyEvents.bytes(of: $0, upTo: limit, limits) }
    }
}
