public import CairnEngine
import FoundationEssentials

/// Copies of the ledger, in `backup/` (spec/checking.md, "Backups").
extension DataDirectory {
    /// How many are kept.
    public static let backupCount = 3

    /// Copies the ledger as it stands now, while it is used; the oldest copies beyond `backupCount` go.
    ///
    /// - Returns: The copy's path within the directory.
    public func backUp(_ ledger: SQLLedger, at moment: Timestamp) async throws(StoreError) -> String {
        let name = BackupName(moment).fileName
        let unfinished = "\(name).part"
        let backup = store.folders.backup
        try await store.threads.sync.run { () throws(StoreError) in
            do throws(FileSystemError) { try backup.unlink(unfinished) } catch .absent {} catch {
                throw error.storeError
            }
        }
        try await ledger.copy(to: "\(path)/\(Folders.backup)/\(unfinished)")
        try await store.threads.sync.run { () throws(StoreError) in
            do throws(FileSystemError) {
                try backup.file(unfinished, for: .writing).syncData()
                try backup.rename(unfinished, to: name, in: backup)
                for old in try Self.names(in: backup).dropLast(Self.backupCount) { try backup.unlink(old.fileName) }
                try backup.sync()
            } catch { throw error.storeError }
        }
        return "\(Folders.backup)/\(name)"
    }

    /// When the newest copy was made; nil when there is none.
    public func lastBackup() async throws(StoreError) -> Timestamp? {
        let backup = store.folders.backup
        return try await store.threads.work.run { () throws(StoreError) in
            do throws(FileSystemError) { return try Self.names(in: backup).last?.moment } catch {
                throw error.storeError
            }
        }
    }

    private static func names(in backup: any Directory) throws(FileSystemError) -> [BackupName] {
        try backup.names().compactMap(BackupName.init(fileName:)).sorted { $0.moment < $1.moment }
    }
}

/// `ledger-<seconds since 1970>.sqlite`.
private struct BackupName {
    let moment: Timestamp

    init(_ moment: Timestamp) { self.moment = moment }

    init?(fileName: String) {
        guard fileName.hasPrefix("ledger-"), fileName.hasSuffix(".sqlite"),
            let seconds = Int64(fileName.dropFirst(7).dropLast(7))
        else { return nil }
        self.init(Timestamp(seconds: seconds))
        guard self.fileName == fileName else { return nil }
    }

    var fileName: String { "ledger-\(moment.seconds).sqlite" }
}
