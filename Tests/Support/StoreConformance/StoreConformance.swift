/// What every store promises, as sentences that can be run: one check for each promise of the `Store` seam.
///
/// Each check wants a new, empty store:
///
///     @Test(arguments: StoreConformance.checks)
///     func `the store keeps its promise`(check: StoreCheck) async throws {
///         try await check.run(on: MemoryStore())
///     }
package enum StoreConformance {
    package static let checks: [StoreCheck] =
        ChunkChecks.all + DraftChecks.all + TailChecks.all + RecordChecks.all + RemovalChecks.all
}
