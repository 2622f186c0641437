package import CairnEngine

/// One promise of the `Ledger` seam, and how to see whether a ledger keeps it.
///
///     @Test(arguments: LedgerCheck.all)
///     func `keeps what every ledger promises`(check: LedgerCheck) async throws {
///         try await check.run(on: MemoryLedger())
///     }
package struct LedgerCheck: Sendable, CustomStringConvertible {
    package static let all =
        CommitChecks.all + UploadChecks.all + EntryChecks.all + BranchChecks.all + QueryChecks.all + NameChecks.all
        + HistoryChecks.all + NamedChecks.all + NamedChecks.questions + JoinChecks.all + ReclaimChecks.all
        + CheckingChecks.all + OwnerChecks.all

    /// The promise, as a sentence.
    package let description: String
    private let body: @Sendable (any Ledger) async throws -> Void

    init(_ promise: String, _ body: @escaping @Sendable (any Ledger) async throws -> Void) {
        description = promise
        self.body = body
    }

    /// Throws when the promise does not hold for `ledger`, which is new and empty.
    package func run(on ledger: any Ledger) async throws { try await body(ledger) }
}

/// A promise that did not hold, where, and what was seen instead.
package struct BrokenPromise: Error, CustomStringConvertible {
    package let description: String
}

/// Goes on only when both are equal.
func expect<Value: Equatable>(
    _ found: Value, is wanted: Value, _ what: String = "", file: StaticString = #fileID, line: UInt = #line
) throws {
    guard found != wanted else { return }
    throw BrokenPromise(description: "\(file):\(line): \(what)\nfound: \(found)\nwanted: \(wanted)")
}

/// Goes on only when `body` throws `StoreError.failed`: the refusal that leaves nothing.
func expectRefusal(
    file: StaticString = #fileID, line: UInt = #line, _ body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch StoreError.failed {
        return
    }
    throw BrokenPromise(description: "\(file):\(line): was not refused")
}
