public import CairnContent
public import CairnEngine
public import Logging

/// More namespaces than the one a data directory is opened with: folders of their own, beside one ledger.
extension DataDirectory {
    /// The engine of a namespace: chunks in this directory, facts in its ledger.
    ///
    /// To be asked for once for each namespace: what one engine knows of running requests, a second does not. Where
    /// power was lost and the ledger's log with it, finished files are first found again by their records
    /// (spec/checking.md).
    ///
    /// - Parameters:
    ///   - ledger: That of `openLedger`, shared by all namespaces.
    ///   - limits: What the engine refuses.
    ///   - chunkSize: Of uploads that begin here.
    ///   - dedup: Which chunks need not be sent again.
    public func engine(
        over ledger: SQLLedger, namespace: Namespace = .standard, limits: Limits = Limits(),
        chunkSize: ChunkSize = .standard, dedup: Dedup = .trust, logger: Logger = Logger(label: "cairn.engine")
    ) async throws(DiskError) -> Engine {
        let isOpen = namespace == self.namespace
        let store = isOpen ? self.store : try await self.store(for: namespace, logger: logger)
        let engine = Engine(
            store: store, ledger: ledger, namespace: namespace, limits: limits, chunkSize: chunkSize, dedup: dedup,
            logger: logger)
        guard ledger.mayHaveForgotten else { return engine }
        do {
            let adopted = try await engine.adopt(try await store.recorded(), wholeOnly: true)
            if adopted.files > 0 {
                logger.warning("files that the ledger had lost are back", metadata: ["files": "\(adopted.files)"])
            }
            return engine
        } catch { throw .failed("cannot look for files that the ledger has lost: \(error)") }
    }

    /// The store of another namespace, its folders made when they are absent.
    ///
    /// To be asked for once for each: what one store of a namespace knows of running work, a second does not.
    package func store(for namespace: Namespace, logger: Logger) async throws(DiskError) -> DiskStore {
        let first = store
        let folders: Folders
        do throws(StoreError) {
            folders = try await store.threads.work.run { () throws(StoreError) in
                do throws(FileSystemError) { return try Folders(in: first.folders.root, for: namespace) } catch {
                    throw error.storeError
                }
            }
        } catch { throw DiskError(error, of: "namespace \(namespace)") }
        // The tails of all namespaces lie together, and the first store tells of those that were left.
        return DiskStore(folders, store.threads, inheriting: [], admission: store.admission, logger: logger)
    }

    /// The namespaces that have folders here, the one it was opened with among them.
    public func namespaces() async throws(DiskError) -> [Namespace] {
        let folders = store.folders
        do throws(StoreError) {
            return try await store.threads.work.run { () throws(StoreError) in
                do throws(FileSystemError) { return try folders.namespaces() } catch { throw error.storeError }
            }
        } catch { throw DiskError(error) }
    }
}
