package import CairnContent
package import CairnEngine

/// Uploads and chunks by number, for the checks and for a ledger's own tests.
package enum LedgerSamples {
    /// The same number gives the same chunk.
    package static func chunk(_ number: Int) -> StoredChunk {
        let digest = Digest(hashing: Array("chunk \(number)".utf8).span)
        let length = 1 + number % Entry.lengthLimit
        return StoredChunk(
            entry: Entry(digest: digest, length: length), storedLength: max(length / 2, 1),
            codec: number.isMultiple(of: 2) ? .raw : .lz4)
    }

    /// The run that has the entries of these chunks.
    package static func run(_ numbers: some Sequence<Int>) -> Run {
        var run = Run()
        for number in numbers { run.append(chunk(number).entry) }
        return run
    }

    /// A new, open upload whose run has the entries of these chunks.
    package static func upload(_ numbers: some Sequence<Int> = [], in namespace: Namespace = .standard) -> Upload {
        var upload = Upload(
            id: UploadID(), namespace: namespace, owner: .everyone, chunkSize: .minimum,
            created: Timestamp(seconds: 1_700_000_000), metadata: Metadata(name: "a file", type: "text/plain"))
        upload.run = run(numbers)
        return upload
    }
}

// The checks speak of them in short.

func chunk(_ number: Int) -> StoredChunk { LedgerSamples.chunk(number) }

func chunks(_ numbers: some Sequence<Int>) -> [StoredChunk] { numbers.map(chunk) }

func entries(_ numbers: some Sequence<Int>) -> [Entry] { numbers.map { chunk($0).entry } }

func run(_ numbers: some Sequence<Int>) -> Run { LedgerSamples.run(numbers) }

func upload(_ numbers: some Sequence<Int> = [], in namespace: Namespace = .standard) -> Upload {
    LedgerSamples.upload(numbers, in: namespace)
}

func key(_ name: String) -> UploadKey { UploadKey(name, of: .everyone) }

extension Ledger {
    /// Commits a new upload with the entries of these chunks.
    func begin(_ numbers: some Collection<Int> = [], in namespace: Namespace = .standard) async throws -> Upload {
        let upload = LedgerSamples.upload(numbers, in: namespace)
        try await commit([.write(upload, entries: chunks(numbers))])
        return upload
    }

    /// Those of `digests` that are kept.
    func keptDigests(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws -> Set<Digest> {
        Set(try await kept(of: digests, in: namespace, by: owner).keys)
    }

    func entries(of upload: Upload) async throws -> [Entry] {
        try await entries(of: upload.id, in: 0..<Limits().entries)
    }

    func list(_ state: Upload.State = .open, after: Upload? = nil, limit: Int = 1000) async throws -> [Upload] {
        try await uploads(UploadQuery(namespace: .standard, state: state, after: after?.id, limit: limit))
    }
}
