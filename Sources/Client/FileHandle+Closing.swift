import _NIOFileSystem

extension FileHandleProtocol where Self: Sendable {
    /// Closes, in a task that is cancelled too: there `close` throws before it has closed, and a handle that is dropped
    /// open ends the process. What closing itself says is of no use to anyone: a file that was written is synced
    /// before.
    func closeAnyway() async {
        await Task { try? await close() }.value
    }
}
