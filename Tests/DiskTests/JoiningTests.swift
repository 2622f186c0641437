import CairnContent
import CairnDisk
import CairnEngine
import NIOCore
import Testing

/// One chunk, whole.
private struct OneChunk: AsyncSequence, Sendable {
    let bytes: ByteBuffer

    struct AsyncIterator: AsyncIteratorProtocol {
        var bytes: ByteBuffer?

        mutating func next() async throws -> ByteBuffer? { bytes.take() }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes) }
}

@Suite struct `Joining on a disk` {
    /// A part of 10 GiB whose chunks are all the same one, as a sparse file's are.
    private func part(_ chunk: StoredChunk, _ ledger: SQLLedger, like sample: Upload) async throws -> UploadID {
        let count = Int(10 << 30) / chunk.entry.length
        var part = Upload(
            id: UploadID(), namespace: sample.namespace, owner: sample.owner, chunkSize: sample.chunkSize,
            created: sample.created, metadata: Metadata())
        part.run = Run(Array(repeating: chunk.entry, count: count))
        part.state = .complete
        part.length = .declared(part.offset)
        try await ledger.commit([.write(part, entries: Array(repeating: chunk, count: count))])
        return part.id
    }

    @Test func `ten parts of 10 GiB are one file of 100 GiB at once`() async throws {
        try await withRealData { data in
            let ledger = try await data.openLedger(logger: silent)
            let engine = Engine(store: data.store, ledger: ledger)
            let zeros = ByteBuffer(repeating: 0, count: ChunkSize.standard.length)
            let sample = try await engine.create(
                Append(at: 0, ending: .whole), body: OneChunk(bytes: zeros), by: .everyone)
            let entry = try #require(try await ledger.entries(of: sample.id, in: 0..<1).first)
            let chunk = StoredChunk(entry: entry, storedLength: 1, codec: .lz4)
            var parts: [UploadID] = []
            for _ in 0..<10 { parts.append(try await part(chunk, ledger, like: sample)) }

            let start = ContinuousClock.now
            let file = try await engine.join(parts, Beginning(), by: .everyone)
            print("100 GiB of ten parts joined in \(ContinuousClock.now - start)")

            #expect(file.state == .complete && file.offset == 100 << 30 && file.run.count == 25_600)
            #expect(try await data.store.record(of: file.id)?.manifest.length == 100 << 30)
            var last = ByteBuffer()
            for try await bytes in engine.bytes((100 << 30) - 3..<(100 << 30), of: file) {
                last.writeImmutableBuffer(bytes)
            }
            #expect(last == ByteBuffer(repeating: 0, count: 3))
            await ledger.close()
        }
    }
}
