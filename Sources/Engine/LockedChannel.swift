import AsyncAlgorithms
import NIOConcurrencyHelpers

/// A channel without a buffer: whoever sends waits until its value is taken, or the channel has ended.
///
/// Each value passes through a lock that both sides take (spec/decisions/locks-the-sanitizer-sees.md).
struct LockedChannel<Value: Sendable>: AsyncSequence, Sendable {
    private let boxes = AsyncChannel<NIOLockedValueBox<Value?>>()

    /// Returns when the value was taken; after the end and in a cancelled task at once, without sending it.
    func send(_ value: Value) async {
        let box = NIOLockedValueBox<Value?>(nil)
        box.withLockedValue { $0 = value }
        await boxes.send(box)
    }

    /// Ends the sequence and every wait of either side.
    func finish() { boxes.finish() }

    func makeAsyncIterator() -> Iterator { Iterator(boxes: boxes.makeAsyncIterator()) }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate var boxes: AsyncChannel<NIOLockedValueBox<Value?>>.Iterator

        mutating func next() async -> Value? { await boxes.next()?.withLockedValue { $0.take() } }
    }
}
