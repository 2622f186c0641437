package import CairnContent
package import CairnEngine
import Logging
package import NIOCore

/// Chunk files, tails and file records in a data directory; `DataDirectory.open` makes one.
package final class DiskStore: Store {
    let folders: Folders
    let threads: DiskThreads
    let admission: Admission
    let cycle: CommitCycle
    let metrics = DiskMetrics()
    let heldTails = HeldTails()
    /// The tails that stood here at the start.
    let inherited: [TailName]

    /// - Parameter admission: That of a neighbour on the same disk; its own when nil.
    init(
        _ folders: Folders, _ threads: DiskThreads, inheriting tails: [TailName], admission: Admission? = nil,
        logger: Logger
    ) {
        self.folders = folders
        inherited = tails
        self.threads = threads
        let admission = admission ?? Admission(root: folders.root, logger: logger)
        self.admission = admission
        cycle = CommitCycle(folders, admission, threads.sync, metrics)
    }

    /// Whether a sync failed that everything rests on: reads go on, nothing is written until the next start.
    package var isReadOnly: Bool { admission.isReadOnly }

    package func read(_ digest: Digest) async throws(StoreError) -> ByteBuffer? {
        try await threads.work.run { [self] () throws(StoreError) in
            guard let file = try chunk(digest) else { return nil }
            let bytes: ByteBuffer?
            // That the disk does not answer says nothing of the bytes: it may do so again in a moment.
            do throws(FileSystemError) { bytes = try ChunkFile(file, named: digest)?.plain() } catch {
                throw error.storeError
            }
            guard let bytes else { throw .damaged(digest) }
            return bytes
        }
    }

    package func inspect(_ digests: [Digest]) async throws(StoreError) -> [StoredChunk?] {
        let pieces = stride(from: 0, to: digests.count, by: Self.lookLength).map {
            Result<_, StoreError>.success(digests[$0..<min($0 + Self.lookLength, digests.count)])
        }
        var found: [StoredChunk?] = []
        let looked = await threads.work.advance(pieces) { [self] some throws(StoreError) in
            var found: [StoredChunk?] = []
            for digest in some { found.append(try standing(digest)) }
            return found
        }
        for piece in looked { found += try piece.get() }
        return found
    }

    /// How many chunks one thread looks for at a time.
    private static let lookLength = 256

    private func standing(_ digest: Digest) throws(StoreError) -> StoredChunk? {
        guard let file = try chunk(digest) else { return nil }
        // One whose footer cannot be read is not there: it will be sent again, which heals it.
        return (try? ChunkFile(file, named: digest))?.footer.chunk
    }

    /// The file under a chunk's name, or nil when there is none. Blocks.
    func chunk(_ digest: Digest) throws(StoreError) -> (any OpenFile)? {
        do {
            return try folders.open(Folder(of: digest)).file(digest.description, for: .reading)
        } catch .absent {
            return nil
        } catch {
            throw error.storeError
        }
    }
}
