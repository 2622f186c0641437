package import CairnEngine
import Logging

extension DataDirectory {
    /// Prepares a directory whose ledger, or whose `format.json`, is lost or damaged for a ledger that is made anew
    /// from the file records (`Engine.adopt`): what is left of the old ledger goes to `quarantine/`.
    ///
    /// Can be broken off and called again.
    /// - Returns: The names under which the old ledger's files lie now.
    package static func forgetLedger(
        of path: String, at moment: Timestamp
    ) async throws(DiskError) -> [String] {
        try await forgetLedger(of: path, at: moment, on: POSIXFileSystem())
    }

    package static func forgetLedger(
        of path: String, at moment: Timestamp, on fileSystem: any FileSystem
    ) async throws(DiskError) -> [String] {
        let threads = DiskThreads()
        let result: Result<[String], DiskError>
        do throws(StoreError) {
            result = try await threads.work.run {
                Result { () throws(DiskError) in try forget(path, moment, fileSystem) }
            }
        } catch { result = .failure(.failed("\(error)")) }
        await threads.stop()
        return try result.get()
    }

    /// Blocks.
    private static func forget(
        _ path: String, _ moment: Timestamp, _ fileSystem: any FileSystem
    ) throws(DiskError) -> [String] {
        let root: any Directory
        let isOurs: Bool
        do throws(FileSystemError) {
            root = try fileSystem.root(path)
            isOurs = try root.names().contains(Folders.namespaces)
        } catch { throw DiskError(error) }
        guard isOurs else { throw .notADataDirectory }
        let lock = try OpenedDirectory.lock(root)
        defer { withExtendedLifetime(lock) {} }
        let format = try StoreFormat.withoutLedger(in: root)
        do throws(FileSystemError) {
            let moved = try setLedgerAside(in: root, moment)
            try format.replace(in: root)
            return moved
        } catch { throw DiskError(error) }
    }

    /// The log goes first: without it the database alone would be a ledger that forgot its end.
    private static func setLedgerAside(
        in root: any Directory, _ moment: Timestamp
    ) throws(FileSystemError) -> [String] {
        let quarantine = try root.child(Folders.quarantine)
        var moved: [String] = []
        for suffix in ["-wal", "-shm", ""] {
            let place = "ledger.\(moment.seconds).sqlite\(suffix)"
            guard try root.names().contains(Folders.ledger + suffix) else { continue }
            try root.rename(Folders.ledger + suffix, to: place, in: quarantine)
            moved.append("\(Folders.quarantine)/\(place)")
        }
        try quarantine.sync()
        try root.sync()
        return moved
    }
}
