import CairnContent
import CairnEngine
import NIOCore

/// Brings a stream of unknown length to the server, under a name that no other run knows.
struct StreamPut: Sendable {
    let remote: Remote
    let key: FileKey
    let metadata: Metadata
    let input: @Sendable () async throws(ClientError) -> ByteBuffer
    private let tally = Tally()

    init(
        remote: Remote, metadata: Metadata, key: FileKey,
        input: @escaping @Sendable () async throws(ClientError) -> ByteBuffer
    ) {
        self.remote = remote
        self.metadata = metadata
        self.input = input
        self.key = key
    }

    func run() async throws(ClientError) -> Receipt {
        let capabilities = try await remote.capabilities()
        let chunkSize = try capabilities.chunkSize()
        let source = StreamChunks(chunkSize: chunkSize, input: input)
        let first = try await source.next()?.bytes ?? ByteBuffer()
        if source.length != nil {
            let put = WholePut(remote: remote, key: key, metadata: metadata, bytes: first)
            if let receipt = try await put.run() { return receipt }
            return try await sequential(after: first, source)
        }
        let backoff = SharedBackoff(remote)
        let beginning = Beginning(length: nil, chunkSize: chunkSize, key: key, metadata: metadata)
        guard let state = try await remote.begun(beginning, backoff) else {
            return try await sequential(after: first, source)
        }
        return try await bring(state, first, source, capabilities, backoff)
    }

    /// By the oldest dialect: it resumes at any byte, and every server has it.
    private func sequential(after first: ByteBuffer, _ rest: StreamChunks) async throws(ClientError) -> Receipt {
        let first = Watched<ByteBuffer?>(first.readableBytes > 0 ? first : nil)
        let source = StreamSource(chunkSize: rest.chunkSize) { () async throws(ClientError) in
            if let first = first.change({ $0.take() }) { return first }
            return try await rest.next()?.bytes ?? ByteBuffer()
        }
        var uploader = Uploader(remote: remote, source: source, key: key, metadata: metadata)
        return try await uploader.run()
    }

    private func bring(
        _ state: NativeState, _ first: ByteBuffer, _ source: StreamChunks, _ capabilities: Capabilities,
        _ backoff: SharedBackoff
    ) async throws(ClientError) -> Receipt {
        guard let id = UploadID(state.id), state.chunkSize == source.chunkSize.length else {
            throw .notUnderstood("it begins other uploads than it was asked for")
        }
        let upload = NativeUpload(
            requests: NativeRequests(remote: remote, id: id), source: source, plan: Watched(plan(first, source)),
            lanes: Watched(remote.lanes(capabilities)),
            backoff: backoff, tally: tally, takesBlocks: capabilities.takesBlocks, isResumed: false
        ) { _ in }
        let contentID: Digest
        do throws(Detour) {
            try await upload.bring()
            contentID = try await upload.complete()
        } catch {
            guard case .failed(let error) = error else { throw .streamLost(offset: 0) }
            throw error
        }
        let length = source.length ?? 0
        if tally.acknowledged(length) { remote.report(.acknowledged(offset: length, of: length)) }
        return Receipt(
            address: FileAddress(server: remote.server, id: id), contentID: contentID, length: length,
            sent: tally.counts.sent, known: length - upload.plan.now.lacking, changed: false, name: metadata.name)
    }

    /// A plan that has seen the first chunk.
    private func plan(_ first: ByteBuffer, _ source: StreamChunks) -> UploadPlan {
        let window = max(2, Remote.memoryLimit / source.chunkSize.length)
        var plan = UploadPlan(.init(chunkSize: source.chunkSize, window: window, isRepeatable: false))
        _ = plan.room()
        let digest = Digest(hashing: first.readableBytesUInt8Span)
        plan.digested(0, Entry(digest: digest, length: first.readableBytes), first)
        return plan
    }
}
