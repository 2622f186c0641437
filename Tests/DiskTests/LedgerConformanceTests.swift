import LedgerConformance
import Testing

@Suite struct `A ledger in a file` {
    @Test(arguments: LedgerCheck.all)
    func `keeps what every ledger promises`(check: LedgerCheck) async throws {
        try await LedgerFolder().withLedger { try await check.run(on: $0) }
    }
}
