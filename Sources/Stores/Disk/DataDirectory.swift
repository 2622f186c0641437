public import CairnEngine
import FoundationEssentials
public import Logging
import NIOCore
import NIOConcurrencyHelpers

/// The place on disk where one server keeps everything: locked, of a known format, its directories made.
///
/// One process at a time. `close` when done, so that the next may open it.
public struct DataDirectory: Sendable {
    package let store: DiskStore
    /// Where the ledger's database lies.
    package let ledgerPath: String
    let path: String
    /// The directory's own id, made with it: 32 hexadecimal digits.
    public var id: String { format.store }
    /// The namespace of `store`.
    let namespace: Namespace
    private let format: StoreFormat
    private let lock: HeldLock

    /// Whether there is a data directory at `path`, of whatever version.
    public static func exists(at path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/\(Folders.format)")
    }

    /// Opens the data directory at `path`, making it when it is absent.
    ///
    /// - Parameter forced: Use it even where a sync promises us nothing, such as on NFS or an overlay.
    public static func open(
        _ path: String, namespace: Namespace = .standard, logger: Logger, forced: Bool = false
    ) async throws(DiskError) -> DataDirectory {
        try await open(path, namespace: namespace, on: POSIXFileSystem(), logger: logger, forced: forced)
    }

    /// The same on any file system.
    package static func open(
        _ path: String, namespace: Namespace = .standard, on fileSystem: any FileSystem,
        threads: DiskThreads = DiskThreads(), logger: Logger, forced: Bool = false
    ) async throws(DiskError) -> DataDirectory {
        do {
            let opened = try await threads.work.run {
                Result { () throws(DiskError) in
                    try OpenedDirectory(path, namespace, fileSystem, logger, isForced: forced)
                }
            }
            return DataDirectory(path, namespace, try opened.get(), threads, logger)
        } catch {
            await threads.stop()
            throw error as? DiskError ?? .failed("\(error)")
        }
    }

    private init(
        _ path: String, _ namespace: Namespace, _ opened: OpenedDirectory, _ threads: DiskThreads, _ logger: Logger
    ) {
        self.namespace = namespace
        store = DiskStore(opened.folders, threads, inheriting: opened.tails, logger: logger)
        self.path = path
        ledgerPath = "\(path)/\(Folders.ledger)"
        format = opened.format
        lock = HeldLock(opened.lock)
    }

    /// Opens the directory's ledger. It is made the first time; afterwards one that is missing is refused: without it
    /// no open upload goes on and no file is found.
    public func openLedger(logger: Logger) async throws(LedgerError) -> SQLLedger {
        let hadLedger = format.ledger ?? false
        let ledger = try await SQLLedger.open(ledgerPath, store: id, creating: !hadLedger, logger: logger)
        guard !hadLedger else { return ledger }
        do throws(StoreError) {
            try await store.threads.sync.run { () throws(StoreError) in
                do throws(FileSystemError) { try format.rememberLedger(in: store.folders.root) } catch {
                    throw error.storeError
                }
            }
        } catch {
            await ledger.close()
            throw LedgerError(path: ledgerPath, reason: .inaccessible("\(error)"))
        }
        return ledger
    }

    /// Ends the store's work and gives the directory free. What is asked of the store afterwards fails.
    public func close() async {
        await store.threads.stop()
        lock.release()
    }
}

/// What opening finds, in the order of start-up (spec/durability.md, "Start-up"). Blocks.
struct OpenedDirectory: Sendable {
    let lock: any OpenFile
    let format: StoreFormat
    let folders: Folders
    let tails: [TailName]

    init(
        _ path: String, _ namespace: Namespace, _ fileSystem: any FileSystem, _ logger: Logger, isForced: Bool
    ) throws(DiskError) {
        do {
            let root = try Self.root(path, fileSystem)
            try Self.examine(try root.kind(), logger, isForced: isForced)
            lock = try Self.lock(root)
            format = try StoreFormat.open(in: root)
            folders = try Folders(in: root, for: namespace)
            for name in try folders.temporary.names() { try folders.temporary.unlink(name) }
            tails = try folders.tails.names().compactMap(TailName.init(fileName:))
        } catch {
            throw error as? DiskError ?? .failed("\(error)")
        }
        logger.info("data directory open", metadata: ["path": "\(path)", "id": "\(format.store)"])
    }

    private static func root(_ path: String, _ fileSystem: any FileSystem) throws(DiskError) -> any Directory {
        do { return try fileSystem.root(path) } catch { throw error == .absent ? .absentParent : DiskError(error) }
    }

    /// Some kinds of file system keep no promise of ours.
    private static func examine(_ kind: String, _ logger: Logger, isForced: Bool) throws(DiskError) {
        switch kind {
        case "ext4", "xfs": break
        case "tmpfs", "ramfs":
            logger.warning("data in memory: nothing survives a power cut", metadata: ["kind": "\(kind)"])
        case "nfs", "nfs4", "overlay":
            guard isForced else { throw .unfitFileSystem(kind) }
            logger.warning("data where syncs may promise nothing", metadata: ["kind": "\(kind)"])
        default:
            logger.warning("data on a file system that was not tested", metadata: ["kind": "\(kind)"])
        }
    }

    static func lock(_ root: any Directory) throws(DiskError) -> any OpenFile {
        do throws(FileSystemError) {
            let lock = try root.lock(Folders.lock)
            try lock.truncate(to: 0)
            try lock.write(Array("\(ProcessInfo.processInfo.processIdentifier)\n".utf8).span, at: 0)
            return lock
        } catch {
            throw error == .locked ? .inUse(by: owner(of: root)) : DiskError(error)
        }
    }

    /// The number that the process which holds the lock has written into it.
    private static func owner(of root: any Directory) -> String? {
        // It may not have written yet, and the refusal stands without it.
        guard let text = try? root.file(Folders.lock, for: .reading).read(20, at: 0) else { return nil }
        return Int32(String(buffer: text).prefix { $0 != "\n" }).map { "\($0)" }
    }
}

/// Holds the lock's file until it is released, or forgotten.
private final class HeldLock: Sendable {
    private let file: NIOLockedValueBox<(any OpenFile)?>

    init(_ file: any OpenFile) { self.file = NIOLockedValueBox(file) }

    func release() { file.withLock { $0 = nil } }
}
