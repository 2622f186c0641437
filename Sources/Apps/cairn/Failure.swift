import ArgumentParser
import CairnClient

extension ClientError {
    /// After sysexits.h, as listed in the help of `cairn`.
    var exitCode: ExitCode {
        switch self {
        case .noInput, .notFound: ExitCode(66)
        case .unavailable: ExitCode(69)
        case .failedIO, .exists: ExitCode(74)
        case .busy, .changed, .streamLost, .cancelled: ExitCode(75)
        case .refused, .notTrusted, .notUnderstood, .wrongBytes, .tooLong: ExitCode(76)
        case .notAllowed: ExitCode(77)
        }
    }

    /// Whether the next file may fare better.
    var concernsOneFile: Bool {
        switch self {
        case .unavailable, .busy, .notAllowed, .notTrusted, .notUnderstood, .cancelled: false
        case .refused, .notFound, .wrongBytes, .changed, .streamLost, .tooLong, .noInput, .failedIO, .exists: true
        }
    }
}

extension Console {
    /// Does `work` for each of `items`, says what failed, and goes on where that makes sense.
    ///
    /// - Returns: The exit code of the first failure, else success.
    func forEach<Item>(
        _ items: [Item], _ work: (Item) async throws(ClientError) -> Void
    ) async -> ExitCode {
        var code = ExitCode.success
        for item in items {
            do {
                try await work(item)
            } catch {
                failure(error.description)
                if code == .success { code = error.exitCode }
                guard error.concernsOneFile else { return code }
            }
        }
        return code
    }
}

extension Console {
    /// Does `work` for several of `items` at a time, and hands what came of them to `then` in their order.
    ///
    /// - Returns: The exit code of the first failure, else success. What fails for all ends the rest.
    func inOrder<Item: Sendable, Value: Sendable>(
        _ items: [Item], atATime limit: Int,
        _ work: @escaping @Sendable (Item) async throws(ClientError) -> Value, then: (Value) -> Void
    ) async -> ExitCode {
        await withTaskGroup(of: (Int, Result<Value, ClientError>).self) { group in
            var queue = OrderedResults<Result<Value, ClientError>>()
            var code = ExitCode.success
            while queue.taken < items.count {
                while queue.begun < items.count, queue.hasRoom(limit) {
                    let index = queue.begin()
                    group.addTask { (index, await Result(of: items[index], work)) }
                }
                guard let (index, result) = await group.next() else { break }
                queue.put(result, at: index)
                while let result = queue.take() {
                    guard let failure = show(result, then) else { continue }
                    if code == .success { code = failure.exitCode }
                    guard failure.concernsOneFile else {
                        group.cancelAll()
                        return code
                    }
                }
            }
            return code
        }
    }

    private func show<Value>(_ result: Result<Value, ClientError>, _ then: (Value) -> Void) -> ClientError? {
        switch result {
        case .success(let value):
            then(value)
            return nil
        case .failure(let error):
            failure(error.description)
            return error
        }
    }
}

/// Results that come in any order and are taken in that of their beginning.
private struct OrderedResults<Value> {
    private(set) var begun = 0
    private(set) var taken = 0
    private var waiting: [Int: Value] = [:]

    /// Whether another may begin: fewer than `limit` run, and not too many wait for a slow one.
    func hasRoom(_ limit: Int) -> Bool { begun - taken - waiting.count < limit && waiting.count < 16 * limit }

    mutating func begin() -> Int {
        defer { begun += 1 }
        return begun
    }

    mutating func put(_ value: Value, at index: Int) { waiting[index] = value }

    mutating func take() -> Value? {
        guard let value = waiting.removeValue(forKey: taken) else { return nil }
        taken += 1
        return value
    }
}

extension Result where Failure == ClientError {
    fileprivate init<Item>(of item: Item, _ work: (Item) async throws(ClientError) -> Success) async {
        do { self = .success(try await work(item)) } catch { self = .failure(error) }
    }
}

extension ExitCode {
    /// Ends the command unless it is success.
    func end() throws {
        guard self == .success else { throw self }
    }
}
