import CairnContent
package import CairnEngine
package import NIOCore

/// The bytes of chunks that still arrive (spec/durability.md, "Tails").
extension DiskStore {
    package func draft(continuing tail: Tail?) async throws(StoreError) -> any ChunkDraft {
        guard let tail else { return DiskDraft(self) }
        return try await threads.work.run { [self] () throws(StoreError) in
            try admission.check()
            do throws(FileSystemError) { return try reopen(tail) } catch { throw error.storeError }
        }
    }

    package func read(_ tail: Tail) async throws(StoreError) -> ByteBuffer? {
        try await threads.work.run { [self] () throws(StoreError) in
            let file: any OpenFile
            do throws(FileSystemError) {
                file = try folders.tails.file(tail.name.fileName, for: .reading)
            } catch .absent {
                return nil
            } catch {
                throw error.storeError
            }
            // What the disk cannot read twice is as good as absent: the client sends it again.
            return (try? bytes(of: tail, in: file)) ?? (try? bytes(of: tail, in: file))
        }
    }

    package func inheritedTails() async throws(StoreError) -> [TailName] { inherited }

    package func drop(_ tail: TailName) async {
        // A name that cannot be removed does no harm: the sweep after the next start meets it again.
        try? await threads.work.run { [self] () throws(StoreError) in
            try admission.check()
            do throws(FileSystemError) { try folders.tails.unlink(tail.fileName) } catch { throw error.storeError }
            heldTails.release(tail)
        }
    }

    /// The tail's bytes; an error when there are fewer.
    private func bytes(of tail: Tail, in file: any OpenFile) throws(FileSystemError) -> ByteBuffer {
        let bytes = try file.read(tail.entry.length, at: 0)
        guard bytes.readableBytes == tail.entry.length else { throw .absent }
        return bytes
    }

    /// Goes on in the tail's own file, unless it may be more than the tail: then in a copy.
    ///
    /// A second name is a chunk's, given before a crash that the ledger never heard of, and a chunk never changes.
    private func reopen(_ tail: Tail) throws(FileSystemError) -> DiskDraft {
        let file = try folders.tails.file(tail.name.fileName, for: .writing)
        let bytes = try bytes(of: tail, in: file)
        guard try file.linkCount() == 1, heldTails.hold(tail.name) else { return try copy(bytes) }
        let draft = DiskDraft(self, DraftState(file, holding: bytes, named: tail.name))
        try file.truncate(to: tail.entry.length)
        return draft
    }

    private func copy(_ bytes: ByteBuffer) throws(FileSystemError) -> DiskDraft {
        var state = DraftState()
        try state.append(bytes, in: folders)
        return DiskDraft(self, state)
    }
}
