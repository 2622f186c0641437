import Dispatch
import GRDB

/// GRDB's own `async` functions interrupt SQLite when the caller's task is cancelled. These do not: what a request
/// brought is written down after it was cut.
extension DatabasePool {
    /// Runs `body` on the writer's thread.
    func onWriter<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            asyncWriteWithoutTransaction { db in
                continuation.resume(with: Result { try body(db) })
            }
        }
    }

    /// Runs `body` on a reader's thread, on a snapshot that has all that was committed before.
    func onSnapshot<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            asyncRead { access in
                continuation.resume(with: Result { try body(access.get()) })
            }
        }
    }

    /// Closes every connection, on a thread that may block.
    func shut() async throws {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try self.close() })
            }
        }
    }
}
