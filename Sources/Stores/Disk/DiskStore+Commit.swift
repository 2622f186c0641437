import CairnContent
package import CairnEngine
import Hashing
import NIOCore

/// From closed drafts to chunk files. What follows for all kinds of files is in `CommitCycle`.
extension DiskStore {
    package func commit(_ chunks: [VerifiedChunk], anew: Bool) async -> [Result<StoredChunk, StoreError>] {
        let closed = await threads.work.advance(chunks.map { .success($0) }) { [self] chunk throws(StoreError) in
            try close(chunk, anew: anew)
        }
        let written = await encode(closed)
        var candidates = written.compactMap(\.value?.candidate)
        for index in candidates.indices { candidates[index].replaces = anew }
        var verdicts = await cycle.commit(candidates).makeIterator()
        if anew {
            cycle.replaced.letGoSoon()
            await Task.rest(for: Self.restTime)
        }
        return written.map { written in
            written.flatMap { file in
                guard let verdict = verdicts.next() else { preconditionFailure("a verdict for each candidate") }
                // Whoever won: the same bytes, and where they lie in another way the next look at the file tells.
                return verdict.map { _ in file.chunk }
            }
        }
    }

    /// The microseconds that it takes to replace a file and to change its row, rather than to make them, drown in this.
    ///
    /// Whoever brings a chunk sees one time and no second one: from then on the chunk is also theirs.
    private static var restTime: Duration { .microseconds(Int.random(in: 0...3000)) }

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

    /// Finds a good copy unless it is not to be looked for, or closes the draft and writes its footer when it stays as
    /// it is. Blocks.
    private func close(_ chunk: VerifiedChunk, anew: Bool) throws(StoreError) -> Closed {
        try admission.check()
        switch chunk.source {
        case .block(let bytes):
            let block = Block(entry: chunk.entry, bytes: bytes)
            if !anew, let standing = standing(block) { return .written(standing) }
            return .written(try write(block))
        case .draft(let draft):
            guard let draft = draft as? DiskDraft else { throw .failed("a draft of another store") }
            let closed = try draft.close(as: chunk.entry)
            if !anew, let standing = standing(closed) { return .written(standing) }
            return closed.pays ? .toEncode(closed) : .written(try writeRaw(closed))
        }
    }

    /// A block that came as one is kept as it is.
    private func write(_ block: Block) throws(StoreError) -> Written {
        try admission.admit(block.bytes.readableBytes + ChunkFooter.length)
        return try write(block.bytes.readableBytesUInt8Span, of: block)
    }

    /// The copy that has the name already, when it holds the same bytes: they are durable, its name will be.
    private func standing(_ chunk: some ChunkBytes) -> Written? {
        let digest = chunk.entry.digest
        // What cannot be opened or read is not good; ours is about to take its place, or to fail there too.
        guard let file = try? self.chunk(digest), let isGood = try? chunk.isHeld(in: file), isGood,
            let standing = try? ChunkFile(file, named: digest)
        else { return nil }
        return written(.standing, standing.footer, of: chunk)
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
            let plain = try draft.file.read(draft.entry.length, at: 0)
            block = ChunkBlock.encoding(plain.readableBytesUInt8Span)
        } catch {
            throw error.storeError
        }
        guard let block else { return try writeRaw(draft) }
        do throws(StoreError) {
            try admission.admit(block.count + ChunkFooter.length)
            return try write(block.span, of: draft)
        } catch .noSpace {
            return try writeRaw(draft)  // whose bytes are on the disk already
        }
    }

    private func write(_ block: Span<UInt8>, of chunk: some ChunkBytes) throws(StoreError) -> Written {
        let footer = ChunkFooter(
            chunk.entry, codec: .lz4, storedLength: block.count, payloadChecksum: CRC32C.checksum(block))
        do {
            let file = try folders.temporary.makeFile()
            try file.write(block, at: 0)
            try file.write(footer.bytes.readableBytesUInt8Span, at: block.count)
            return written(.ours(file), footer, of: chunk)
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
        return written(.ours(draft.file), footer, of: draft, syncFailed: draft.draft.distrust)
    }

    private func written(
        _ source: Candidate.Source, _ footer: ChunkFooter, of chunk: some ChunkBytes,
        syncFailed: @escaping @Sendable () -> Void = {}
    ) -> Written {
        let digest = footer.entry.digest
        let candidate = Candidate(
            source, Folder(of: digest), digest.description, length: footer.storedLength + ChunkFooter.length,
            accepts: { file throws(FileSystemError) in try chunk.isHeld(in: file) },
            syncFailed: syncFailed)
        if case .ours = source { metrics.chunk(footer, isNew: true) } else { metrics.chunk(footer, isNew: false) }
        return Written(candidate: candidate, chunk: footer.chunk)
    }
}
