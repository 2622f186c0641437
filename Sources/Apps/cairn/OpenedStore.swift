import ArgumentParser
import CairnDisk
import CairnEngine
import Foundation
import Logging

/// A data directory and its ledger, opened by a command that works on them alone.
struct OpenedStore: Sendable {
    let directory: DataDirectory
    let ledger: SQLLedger

    /// One engine and store for each namespace, the first that of the standard one.
    func spaces(_ limits: Limits, _ logger: Logger) async throws -> [(engine: Engine, store: DiskStore)] {
        var stores = [(Namespace.standard, directory.store)]
        for namespace in try await directory.namespaces() where namespace != .standard {
            stores.append((namespace, try await directory.store(for: namespace, logger: logger)))
        }
        return stores.map { namespace, store in
            let engine = Engine(store: store, ledger: ledger, namespace: namespace, limits: limits, logger: logger)
            return (engine, store)
        }
    }

    /// Opens what is there, never makes anything, hands it to `work`, and closes it.
    static func with(
        _ place: DataOptions, _ console: Console, _ logger: Logger, _ work: (OpenedStore) async throws -> Void
    ) async throws {
        let path = place.data
        guard DataDirectory.exists(at: path) else {
            console.failure(
                "\(path): not a data directory. Give the folder that `cairn serve --data` was given; if it lost its "
                    + "format.json, run `cairn store rebuild`")
            throw ExitCode(66)
        }
        let directory: DataDirectory
        do { directory = try await DataDirectory.open(path, logger: logger, forced: place.force) } catch {
            console.failure("\(path): \(error.advice)")
            throw error.exitCode
        }
        let ledger: SQLLedger
        do { ledger = try await directory.openLedger(logger: logger) } catch {
            await directory.close()
            console.failure("\(error)")
            throw ExitCode(74)
        }
        let result: Result<Void, any Error>
        do { result = .success(try await work(OpenedStore(directory: directory, ledger: ledger))) } catch {
            result = .failure(error)
        }
        await ledger.close()
        await directory.close()
        try result.get()
    }
}
