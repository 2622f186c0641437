import CairnDisk
import CairnEngine
import Foundation
import StoreConformance
import Testing

@Suite struct `The disk store keeps the promises of a store` {
    @Test(arguments: StoreConformance.checks)
    func `on a simulated file system`(check: StoreCheck) async throws {
        try await withStore(on: SimulatedFileSystem()) { store in try await check.run(on: store) }
    }

    @Test(arguments: StoreConformance.checks)
    func `on a real one`(check: StoreCheck) async throws {
        try await withRealData { data in try await check.run(on: data.store) }
    }
}
