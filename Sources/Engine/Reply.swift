import NIOConcurrencyHelpers

/// What somebody else will answer, once, to a task that waits for it.
///
/// Told and taken under one lock: of a continuation that is resumed before it is awaited the runtime tells
/// ThreadSanitizer nothing (spec/decisions/locks-the-sanitizer-sees.md).
package struct Reply<Value: Sendable>: Sendable {
    private let value: NIOLockedValueBox<Value?>
    private let continuation: CheckedContinuation<Void, Never>

    /// Calls `ask`, and returns what it has answered by then or will; it has to, exactly once.
    package static func to(
        isolation: isolated (any Actor)? = #isolation, _ ask: (Reply) -> Void
    ) async -> Value {
        let value = NIOLockedValueBox<Value?>(nil)
        await withCheckedContinuation { ask(Reply(value: value, continuation: $0)) }
        // Taken, not read: an answer that knows who waited would otherwise keep itself alive.
        guard let value = value.withLockedValue({ $0.take() }) else {
            preconditionFailure("an answer lies in its lock before it is told")
        }
        return value
    }

    package func callAsFunction(_ value: Value) {
        self.value.withLockedValue {
            $0 = value
            continuation.resume()
        }
    }
}
