import NIOConcurrencyHelpers

/// What somebody outside of Swift's tasks will answer, once, to a task that waits for it.
///
/// The answer lies in a lock until it is taken: of a continuation that is resumed before it is awaited the runtime
/// tells ThreadSanitizer nothing (spec/decisions/locks-the-sanitizer-sees.md).
package struct Reply<Value: Sendable>: Sendable {
    private let value = NIOLockedValueBox<Value?>(nil)
    private let continuation: CheckedContinuation<NIOLockedValueBox<Value?>, Never>

    private init(_ continuation: CheckedContinuation<NIOLockedValueBox<Value?>, Never>) {
        self.continuation = continuation
    }

    /// Calls `ask`, and returns what it has answered by then or will; it has to, exactly once.
    package static func to(
        isolation: isolated (any Actor)? = #isolation, _ ask: (Reply) -> Void
    ) async -> Value {
        let value = await withCheckedContinuation { ask(Reply($0)) }
        // Taken, not read: an answer that knows who waited would otherwise keep itself alive.
        guard let value = value.withLockedValue({ $0.take() }) else {
            preconditionFailure("an answer lies in its lock before it is told")
        }
        return value
    }

    package func callAsFunction(_ value: Value) {
        self.value.withLockedValue { $0 = value }
        continuation.resume(returning: self.value)
    }
}
