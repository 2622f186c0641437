import CairnContent
public import CairnEngine
import Hashing
import NIOCore

/// From closed drafts to chunk files. What follows for all kinds of files is in `CommitCycle`.
extension DiskStore {
    public func commit(_ chunks: [VerifiedChunk]) async -> [Result<StoredChunk, StoreError>] {
        let closed = await threads.work.advance(chunks.map { .success($0) }, close)
        let written = await encode(closed)
        var verdicts = await cycle.commit(written.compactMap(\.value?.candidate)).makeIterator()
        return written.map { written in
            written.flatMap { file in
                guard let verdict = verdicts.next() else { preconditionFailure("a verdict for each candidate") }
                // Whoever won: the same bytes, encoded by the same process, lie in the same way.
                return verdict.map { _ in file.chunk }
            }
        }
    }

    /// A chunk file that waits for its name.
    private struct Written: Sendable {
        let candidate: Candidate
        let chunk: StoredChunk
    }

    private enum Closed: Sendable {
        case written(Written)
        /// To be written anew as a block, if that saves enough.
        case toEncode(ClosedDraft)
    }

    /// Finds a good copy, or closes the draft and writes its footer when it stays as it is. Blocks.
    @Sendable private func close(_ chunk: VerifiedChunk) throws(StoreError) -> Closed {
        try admission.check()
        guard let draft = chunk.draft as? DiskDraft else { throw .failed("a draft of another store") }
        if let standing = standing(chunk.entry) { return .written(standing) }
        let closed = try draft.close(as: chunk.entry)
        return closed.pays ? .toEncode(closed) : .written(try writeRaw(closed))
    }

    /// The copy that has the name already, when it is good: its bytes are durable, its name will be.
    private func standing(_ entry: Entry) -> Written? {
        // What cannot be opened or read is not good; ours is about to take its place, or to fail there too.
        guard
            let file = try? chunk(entry.digest), let standing = try? ChunkFile(file, named: entry.digest),
            (try? standing.payload()) != nil
        else { return nil }
        return written(.standing, standing.footer)
    }

    private func encode(_ closed: [Result<Closed, StoreError>]) async -> [Result<Written, StoreError>] {
        let isNeeded = closed.contains { if case .success(.toEncode) = $0 { true } else { false } }
        let threads = isNeeded ? threads.encode : threads.work
        return await threads.advance(closed) { [self] closed throws(StoreError) in
            switch closed {
            case .written(let written): written
            case .toEncode(let draft): try writeEncoded(draft)
            }
        }
    }

    private func writeEncoded(_ draft: ClosedDraft) throws(StoreError) -> Written {
        let block: [UInt8]?
        do {
            block = ChunkBlock.encoding(try draft.file.read(draft.entry.length, at: 0))
        } catch {
            throw error.storeError
        }
        guard let block else { return try writeRaw(draft) }
        return try write(block, of: draft.entry)
    }

    private func write(_ block: [UInt8], of entry: Entry) throws(StoreError) -> Written {
        let footer = ChunkFooter(
            entry, codec: .lz4, storedLength: block.count, payloadChecksum: CRC32C.checksum(block.span))
        do {
            let file = try folders.temporary.makeFile()
            try file.write(block.span, at: 0)
            try file.write(footer.bytes.readableBytesUInt8Span, at: block.count)
            return written(.ours(file), footer)
        } catch {
            throw error.storeError
        }
    }

    private func writeRaw(_ draft: ClosedDraft) throws(StoreError) -> Written {
        let length = draft.entry.length
        let footer = ChunkFooter(draft.entry, codec: .raw, storedLength: length, payloadChecksum: draft.checksum)
        do throws(FileSystemError) {
            try draft.file.write(footer.bytes.readableBytesUInt8Span, at: length)
        } catch {
            throw error.storeError
        }
        return written(.ours(draft.file), footer, syncFailed: draft.draft.distrust)
    }

    private func written(
        _ source: Candidate.Source, _ footer: ChunkFooter, syncFailed: @escaping @Sendable () -> Void = {}
    ) -> Written {
        let digest = footer.entry.digest
        let candidate = Candidate(
            source, Folder(of: digest), digest.description, length: footer.storedLength + ChunkFooter.length,
            accepts: { file throws(FileSystemError) in try ChunkFile(file, named: digest)?.payload() != nil },
            syncFailed: syncFailed)
        return Written(candidate: candidate, chunk: footer.chunk)
    }
}
