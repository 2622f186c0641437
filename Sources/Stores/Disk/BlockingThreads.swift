import CairnEngine
import NIOPosix
import NIOConcurrencyHelpers

/// Threads that may block, so that Swift's own never do.
///
/// Work once begun is never broken off: a cancelled task waits until the disk has answered.
struct BlockingThreads: Sendable {
    private let threads: NIOThreadPool

    init(count: Int) {
        threads = NIOThreadPool(numberOfThreads: count)
        threads.start()
    }

    /// - Parameter other: Done by the caller while a thread works; one that is done first is not waited for.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StoreError) -> Value, beside other: () -> Void = {}
    ) async throws(StoreError) -> Value {
        let result = await Reply.to { reply in
            submit(work) { reply($0) }
            other()
        }
        return try result.get()
    }

    /// Takes each step that has come so far one further, in parallel; begun in their order.
    func advance<Item: Sendable, Value: Sendable>(
        _ steps: [Result<Item, StoreError>], _ work: @escaping @Sendable (Item) throws(StoreError) -> Value
    ) async -> [Result<Value, StoreError>] {
        guard !steps.isEmpty else { return [] }
        return await Reply.to { reply in
            let gathering = Gathering<Value>(count: steps.count) { reply($0) }
            for (index, step) in steps.enumerated() {
                switch step {
                case .failure(let error): gathering.put(.failure(error), at: index)
                case .success(let item):
                    submit({ () throws(StoreError) in try work(item) }) { gathering.put($0, at: index) }
                }
            }
        }
    }

    /// Ends the threads. What has begun is finished; what has not fails, and so does what comes later.
    func stop() async {
        await Reply.to { reply in
            threads.shutdownGracefully { _ in reply(()) }
        }
    }

    private func submit<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StoreError) -> Value,
        _ done: @escaping @Sendable (Result<Value, StoreError>) -> Void
    ) {
        threads.submit { state in
            guard state == .active else { return done(.failure(.failed("the store is closed"))) }
            done(Result(catching: work))
        }
    }
}

/// Results that arrive in any order and go on together.
private final class Gathering<Value: Sendable>: Sendable {
    private struct State {
        var results: [Result<Value, StoreError>?]
        var awaited: Int
    }

    private let state: NIOLockedValueBox<State>
    private let done: @Sendable ([Result<Value, StoreError>]) -> Void

    init(count: Int, _ done: @escaping @Sendable ([Result<Value, StoreError>]) -> Void) {
        state = NIOLockedValueBox(State(results: Array(repeating: nil, count: count), awaited: count))
        self.done = done
    }

    func put(_ result: Result<Value, StoreError>, at index: Int) {
        let all: [Result<Value, StoreError>]? = state.withLock { state in
            state.results[index] = result
            state.awaited -= 1
            return state.awaited == 0 ? state.results.compactMap(\.self) : nil
        }
        if let all { done(all) }
    }
}

extension Result {
    /// What succeeded, if it did.
    var value: Success? {
        if case .success(let value) = self { value } else { nil }
    }
}
