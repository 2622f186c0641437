package import CairnContent
package import CairnEngine

/// Files that leave: aside into the trash, and from there for good (spec/reclaiming.md).
extension DiskStore {
    package func remove(_ digests: [Digest], at moment: Timestamp) async throws(StoreError) {
        try await setAside(digests.map { (Folder(of: $0), $0.description) }, at: moment)
    }

    package func quarantine(_ digest: Digest, at moment: Timestamp) async throws(StoreError) {
        let source = Folder(of: digest)
        let place = "\(digest).\(moment.seconds).bad"
        try await threads.sync.run { [self] () throws(StoreError) in
            try admission.check()
            do throws(FileSystemError) {
                try folders.open(source).rename(
                    digest.description, to: place, in: folders.open(.quarantine))
            } catch .absent {} catch { throw error.storeError }
        }
        try await sync([.quarantine])
        try await sync([source])
    }

    package func chunks(on shelf: Int) async throws(StoreError) -> [Digest] {
        try await threads.work.run { [self] () throws(StoreError) in
            do throws(FileSystemError) {
                return try folders.open(Folder(shelf: shelf)).names().compactMap(Digest.init)
            } catch { throw error.storeError }
        }
    }

    package func emptyTrash(
        _ part: Int, at moment: Timestamp, olderThan age: Duration, limit: Int
    ) async throws(StoreError) -> Int {
        try await threads.work.run { [self] () throws(StoreError) in
            try admission.check()
            do throws(FileSystemError) {
                let folder = try folders.open(Folder(trashPart: part))
                let due = try folder.names().filter {
                    TrashName(fileName: $0)?.moment.isOver(age, at: moment) ?? false
                }
                // Nothing is synced: a name that comes back after a power cut is freed the next time.
                for name in due.prefix(limit) { try folder.unlink(name) }
                return min(due.count, limit)
            } catch { throw error.storeError }
        }
    }

    /// Moves files into the trash, those that are there, and returns when none of the names is in its folder, durably.
    ///
    /// Where they went is synced first, so that none is in neither. What was not there may have gone a moment ago, so
    /// its folder is synced all the same.
    func setAside(_ files: [(folder: Folder, name: String)], at moment: Timestamp) async throws(StoreError) {
        try await threads.sync.run { [self] () throws(StoreError) in
            try admission.check()
            do throws(FileSystemError) {
                for file in files { try move(file.name, outOf: file.folder, at: moment) }
            } catch { throw error.storeError }
        }
        try await sync(Set(files.map { TrashName($0.name, at: moment).folder }))
        try await sync(Set(files.map(\.folder)))
    }

    private func move(_ name: String, outOf folder: Folder, at moment: Timestamp) throws(FileSystemError) {
        let source = try folders.open(folder)
        let place = TrashName(name, at: moment)
        do throws(FileSystemError) {
            try source.rename(name, to: place.fileName, in: try folders.open(place.folder))
        } catch .absent {
        } catch .noSpace {
            // A full disk has no room for the new name either, and room is what this is for.
            try source.unlink(name)
        }
    }

    private func sync(_ all: Set<Folder>) async throws(StoreError) {
        let synced = await threads.sync.advance(all.map { .success($0) }) { [self] folder throws(StoreError) in
            do throws(FileSystemError) { try folders.open(folder).sync() } catch {
                throw admission.stop(because: error)
            }
        }
        for result in synced { try result.get() }
    }
}
