import CairnContent
import CairnDialects
import CairnEngine
import NIOCore
import Synchronization

/// Brings one local file to the server by the native protocol, from whatever state an earlier run left.
struct FilePut: Sendable {
    let remote: Remote
    let file: LocalFile
    let key: FileKey
    let metadata: Metadata
    private let tally = Tally()

    init(remote: Remote, file: LocalFile, metadata: Metadata) {
        self.remote = remote
        self.file = file
        self.metadata = metadata
        key = FileKey(name: metadata.name ?? file.path, length: file.length, modified: file.stamp.modified)
    }

    /// Returns when the file is complete on the server and proven to be this one.
    func run() async throws(ClientError) -> Receipt {
        let chunkSize = try await remote.capabilities().chunkSize(for: file.length)
        if file.length <= chunkSize.length, let receipt = try await whole() { return receipt }
        return try await remote.holding(Remote.memoryLimit) { () async throws(ClientError) in
            try await inChunks(chunkSize)
        }
    }

    /// A file of one chunk travels in one request.
    private func whole() async throws(ClientError) -> Receipt? {
        try await remote.holding(Int(file.length)) { () async throws(ClientError) in
            let bytes = try await file.read(at: 0, upTo: Int(file.length))
            try await file.confirm()
            let put = WholePut(remote: remote, key: key, metadata: metadata, bytes: bytes)
            return try await put.run()
        }
    }

    private func inChunks(_ chunkSize: ChunkSize) async throws(ClientError) -> Receipt {
        var beginning = Beginning(length: file.length, chunkSize: chunkSize, key: key, metadata: metadata)
        let backoff = SharedBackoff(remote)
        for _ in 0..<remote.policy.tries {
            let digests = await known(chunkSize)
            beginning.contentID = digests.isWhole ? Run(digests.entries).prefixDigest() : nil
            guard let state = try await remote.begun(beginning, backoff) else { return try await sequential() }
            do throws(Detour) {
                return try await bring(state, digests, backoff, changed: beginning.startsOver)
            } catch {
                switch error {
                case .failed(let error):
                    if case .changed = error { await remote.cache?.forget(file) }
                    throw error
                case .lost: continue
                case .anotherFile:
                    beginning.startsOver = true
                    tally.startsOver()
                    remote.report(.changed)
                }
            }
        }
        throw .unavailable(cause: "the upload is lost again and again")
    }

    /// By the oldest dialect, for a server that has no other.
    private func sequential() async throws(ClientError) -> Receipt {
        var uploader = Uploader(
            remote: remote, source: FileSource(file, report: remote.report), key: key, metadata: metadata)
        return try await uploader.run()
    }
}

extension FilePut {
    /// Digests that need not be computed, as many as are known from the first on.
    private struct Known {
        let chunkSize: ChunkSize
        let entries: [Entry]
        let isWhole: Bool
    }

    private func known(_ chunkSize: ChunkSize) async -> Known {
        let entries = await remote.cache?.entries(of: file, chunkSize) ?? []
        let length = entries.reduce(0) { $0 + Int64($1.length) }
        return Known(chunkSize: chunkSize, entries: entries, isWhole: length == file.length)
    }

    private func bring(
        _ state: NativeState, _ known: Known, _ backoff: SharedBackoff, changed: Bool
    ) async throws(Detour) -> Receipt {
        // An upload that was joined from others has no one chunk size.
        guard let chunkSize = state.chunkSize.flatMap({ ChunkSize($0) }) else { throw .anotherFile }
        guard let id = UploadID(state.id) else { throw .failed(.notUnderstood("it gives the upload no id")) }
        let digests = chunkSize == known.chunkSize ? known : await self.known(chunkSize)
        let upload = try await upload(id, state, digests, backoff)
        let contentID: Digest
        if state.isComplete {
            contentID = try await compare(upload, state)
        } else {
            try await upload.bring()
            contentID = try await upload.complete()
        }
        let entries = upload.plan.now.entries
        await remote.cache?.keep(entries, of: file, chunkSize)
        if tally.acknowledged(file.length) { remote.report(.acknowledged(offset: file.length, of: file.length)) }
        let known = state.isComplete ? file.length : file.length - upload.plan.now.lacking
        return Receipt(
            address: FileAddress(server: remote.server, id: id), contentID: contentID, length: file.length,
            sent: tally.counts.sent, known: known, changed: changed, name: metadata.name)
    }

    private func upload(
        _ id: UploadID, _ state: NativeState, _ digests: Known, _ backoff: SharedBackoff
    ) async throws(Detour) -> NativeUpload {
        let chunkSize = digests.chunkSize
        let capabilities: Capabilities
        let source: FileChunks
        do {
            capabilities = try await remote.capabilities()
            source = try await FileChunks(file, chunkSize: chunkSize, from: digests.entries.count)
        } catch {
            throw .failed(error)
        }
        let rules = UploadPlan.Rules(
            chunkSize: chunkSize, window: max(2, Remote.memoryLimit / chunkSize.length), isRepeatable: true)
        let kept = Mutex(digests.entries.count)
        return NativeUpload(
            requests: NativeRequests(remote: remote, id: id), source: source,
            plan: Watched(UploadPlan(rules, entries: digests.entries, length: file.length)),
            lanes: Watched(remote.lanes(capabilities)),
            backoff: backoff, tally: tally, takesBlocks: capabilities.takesBlocks, isResumed: state.offset > 0
        ) { entries in
            let isNews = kept.withLock { kept in
                guard entries.count >= kept + Self.rememberedCount else { return false }
                kept = entries.count
                return true
            }
            if isNews { await remote.cache?.keep(entries, of: file, chunkSize) }
        }
    }

    /// After so many more digests they are kept for a run that follows should this one be killed.
    private static let rememberedCount = 256

    /// The content id, when the finished file that stands under this name is this one.
    private func compare(_ upload: NativeUpload, _ state: NativeState) async throws(Detour) -> Digest {
        guard state.length ?? state.offset == file.length else { throw .anotherFile }
        upload.plan.change { $0.digestOnly() }
        try await upload.digest()
        let contentID = Run(upload.plan.now.entries).prefixDigest()
        do { try await file.confirm() } catch { throw .failed(error) }
        guard state.contentId == "\(contentID)" else { throw .anotherFile }
        return contentID
    }
}
