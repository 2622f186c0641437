package import NIOConcurrencyHelpers

extension NIOLockedValueBox {
    /// Runs `body` with the value to itself; what it throws keeps its type.
    package func withLock<Success, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Success
    ) throws(Failure) -> Success {
        try withLockedValue { value in Result { () throws(Failure) in try body(&value) } }.get()
    }
}
