import CairnDisk
import CairnEngine
import Logging
import ServiceLifecycle

/// Copies the ledger every so many hours, counted from the last copy whoever made it.
struct LedgerBackups: Service {
    let directory: DataDirectory
    let ledger: SQLLedger
    let hours: Int
    let logger: Logger

    /// Returns when the group stops.
    func run() async {
        await cancelWhenGracefulShutdown {
            // A sleep throws only when it is cancelled.
            repeat { await copyWhenDue() } while (try? await Task.sleep(for: .seconds(600))) != nil
        }
    }

    private func copyWhenDue() async {
        do throws(StoreError) {
            let now = Timestamp.now()
            if let last = try await directory.lastBackup(), !last.isOver(.seconds(hours * 3600), at: now) { return }
            let path = try await directory.backUp(ledger, at: now)
            logger.info("ledger copied", metadata: ["path": "\(path)"])
        } catch {
            logger.error("cannot copy the ledger", metadata: ["cause": "\(error)"])
        }
    }
}
