public import CairnContent
public import NIOCore

extension Engine {
    /// The manifest of a file, or of what has arrived of it: the tail, if there is one, is its last entry.
    public func manifest(of upload: Upload) async throws(UploadError) -> Manifest {
        var entries: [Entry] = []
        while entries.count < upload.run.count {
            let next = entries.count..<min(entries.count + Self.page, upload.run.count)
            entries += try await self.entries(of: upload, in: next)
        }
        if let tail = upload.tail { entries.append(tail.entry) }
        do { return try Manifest(chunkSize: upload.chunkSize, entries: entries) } catch {
            throw .store(.failed("manifest of \(upload.id): \(error)"))
        }
    }

    /// The bytes of `range`, which lies within the prefix, chunk by chunk; each chunk is verified before any of it
    /// is handed out.
    public func bytes(_ range: Range<Int64>, of upload: Upload) -> FileBytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= upload.offset)
        return FileBytes(engine: self, upload: upload, range: range)
    }

    /// A whole chunk, with the right digest. Where the bytes are not right they are set aside.
    func verifiedChunk(_ entry: Entry) async throws(StoreError) -> ByteBuffer {
        do { return try await verified(store.read(entry.digest), entry) } catch {
            // Whatever comes of it, this reader has no bytes.
            if case .damaged = error { _ = try? await setAside(entry) }
            throw error
        }
    }

    /// The bytes of a tail as an upload had it, though it may have become a chunk since.
    func verifiedTail(_ tail: Tail, of upload: Upload) async throws(StoreError) -> ByteBuffer {
        if let bytes = try await store.read(tail) { return try verified(bytes, tail.entry) }
        let index = upload.run.count
        guard let chunk = try await ledger.entries(of: upload.id, in: index..<(index + 1)).first,
            chunk.length >= tail.entry.length
        else { throw .damaged(tail.entry.digest) }
        var bytes = try await verifiedChunk(chunk)
        return try verified(bytes.readSlice(length: tail.entry.length), tail.entry)
    }

    func verified(_ bytes: ByteBuffer?, _ entry: Entry) throws(StoreError) -> ByteBuffer {
        guard let bytes, bytes.readableBytes == entry.length,
            Digest(hashing: bytes.readableBytesUInt8Span) == entry.digest
        else { throw .damaged(entry.digest) }
        return bytes
    }

    /// The prefix digest at any offset of the upload's prefix: reads at most one chunk.
    func prefixDigest(of upload: Upload, at offset: Int64) async throws(UploadError) -> Digest {
        var run = Run()
        while run.count < upload.run.count {
            let next = run.count..<min(run.count + Self.page, upload.run.count)
            for entry in try await entries(of: upload, in: next) {
                if run.length + Int64(entry.length) > offset {
                    return try await run.prefixDigest(
                        tail: cut(entry, at: Int(offset - run.length)) {
                            () async throws(StoreError) in try await self.verifiedChunk(entry)
                        })
                }
                run.append(entry)
            }
        }
        guard let tail = upload.tail else { return run.prefixDigest(tail: nil) }
        return try await run.prefixDigest(
            tail: cut(tail.entry, at: Int(offset - run.length)) {
                () async throws(StoreError) in try await self.verifiedTail(tail, of: upload)
            })
    }

    private func cut(
        _ entry: Entry, at length: Int, _ read: () async throws(StoreError) -> ByteBuffer
    ) async throws(UploadError) -> Entry? {
        guard length > 0 else { return nil }
        guard length < entry.length else { return entry }
        do {
            let bytes = try await read()
            return Entry(
                digest: Digest(hashing: bytes.readableBytesUInt8Span.extracting(first: length)), length: length)
        } catch { throw .store(error) }
    }
}

/// A range of a file's bytes: whole chunks are read and verified, and what the range wants of them handed out.
public struct FileBytes: AsyncSequence, Sendable {
    let engine: Engine
    let upload: Upload
    let range: Range<Int64>

    /// Reads from the start of the range.
    public func makeAsyncIterator() -> Iterator { Iterator(bytes: self) }

    /// Reads ahead of nobody: a chunk is read when its part is asked for.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let bytes: FileBytes
        /// Entries read ahead, from the front.
        private var entries: ArraySlice<Entry> = []
        private var nextIndex = 0
        /// Where the next entry starts, in bytes.
        private var start: Int64 = 0

        init(bytes: FileBytes) {
            self.bytes = bytes
            guard !bytes.upload.isRagged else { return }
            let whole = Int64(bytes.upload.chunkSize.length)
            nextIndex = Swift.min(Int(bytes.range.lowerBound / whole), bytes.upload.run.count)
            start = Int64(nextIndex) * whole
        }

        /// The next part of the range, at most one chunk.
        public mutating func next() async throws(StoreError) -> ByteBuffer? {
            while start < bytes.range.upperBound {
                guard let entry = try await nextEntry() else { return try await lastPart() }
                defer { start += Int64(entry.length) }
                if start + Int64(entry.length) > bytes.range.lowerBound {
                    return part(of: try await chunk(entry))
                }
            }
            return nil
        }

        private func chunk(_ entry: Entry) async throws(StoreError) -> ByteBuffer {
            do { return try await bytes.engine.verifiedChunk(entry) } catch {
                // What was removed meanwhile may be collected already; that is no damage.
                let state = try await bytes.engine.ledger.upload(bytes.upload.id)?.state
                guard state == .open || state == .complete else { throw Self.removed }
                throw error
            }
        }

        private static let removed = StoreError.failed("the file was removed while it was read")

        private mutating func nextEntry() async throws(StoreError) -> Entry? {
            let count = bytes.upload.run.count
            if entries.isEmpty && nextIndex < count {
                let indices = nextIndex..<Swift.min(nextIndex + Engine.page, count)
                entries = try await bytes.engine.ledger.entries(of: bytes.upload.id, in: indices)[...]
                guard entries.count == indices.count else { throw Self.removed }
                nextIndex = indices.upperBound
            }
            return entries.popFirst()
        }

        private mutating func lastPart() async throws(StoreError) -> ByteBuffer? {
            defer { start = bytes.range.upperBound }
            guard let tail = bytes.upload.tail else { return nil }
            return part(of: try await bytes.engine.verifiedTail(tail, of: bytes.upload))
        }

        private func part(of chunk: ByteBuffer) -> ByteBuffer? {
            let first = Swift.max(bytes.range.lowerBound - start, 0)
            let last = Swift.min(bytes.range.upperBound - start, Int64(chunk.readableBytes))
            return chunk.getSlice(at: chunk.readerIndex + Int(first), length: Int(last - first))
        }
    }
}
