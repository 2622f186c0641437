import Dispatch
import CairnEngine
import GRDB

/// GRDB's own `async` functions interrupt SQLite when the caller's task is cancelled. These do not: what a request
/// brought is written down after it was cut.
extension DatabasePool {
    /// Runs `body` on the writer's thread.
    func onWriter<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await Reply.to { reply in
            asyncWriteWithoutTransaction { db in reply(Result { try body(db) }) }
        }.get()
    }

    /// Runs `body` on a reader's thread, on a snapshot that has all that was committed before.
    func onSnapshot<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await Reply.to { reply in
            asyncRead { access in reply(Result { try body(access.get()) }) }
        }.get()
    }

    /// Copies all pages as of one snapshot, on a thread that may block.
    func copy(to path: String) async throws {
        try await Reply.to { reply in
            DispatchQueue.global().async {
                reply(
                    Result {
                        let copy = try DatabaseQueue(path: path)
                        try self.backup(to: copy)
                        try copy.close()
                    })
            }
        }.get()
    }

    /// Closes every connection, on a thread that may block.
    func shut() async throws {
        try await Reply.to { reply in
            DispatchQueue.global().async { reply(Result { try self.close() }) }
        }.get()
    }
}
