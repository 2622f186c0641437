public import CairnEngine
public import Logging

/// More namespaces than the one a data directory is opened with: folders of their own, beside one ledger.
extension DataDirectory {
    /// The store of another namespace, its folders made when they are absent.
    ///
    /// To be asked for once for each: what one store of a namespace knows of running work, a second does not.
    public func store(for namespace: Namespace, logger: Logger) async throws(DiskError) -> DiskStore {
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
