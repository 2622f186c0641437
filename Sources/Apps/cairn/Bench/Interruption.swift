import UnixSignals

/// Does `work` until it ends, or until somebody ends the command (SIGINT, SIGTERM): then the work is cancelled, waited
/// for, and nil is returned, so that the caller can clean up.
func untilInterrupted<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask {
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
            return nil
        }
        group.addTask { await work() }
        let first = await group.next()
        group.cancelAll()
        await group.waitForAll()
        return first ?? nil
    }
}
