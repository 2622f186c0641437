import Synchronization

/// True once, then false.
final class Once: Sendable {
    private let isPassed = Mutex(false)

    func pass() -> Bool {
        isPassed.withLock { isPassed in
            defer { isPassed = true }
            return !isPassed
        }
    }
}
