import CairnContent
import NIOCore

/// Takes one request's bytes: cuts and hashes them, and sends full batches on to be committed.
///
/// While one batch is made durable the next one is received; with a third the request waits.
struct Receiver: ~Copyable {
    private let upload: UploadID
    private let batches: Handover<Batch>
    private let limits: Limits
    private var writer: ChunkWriter
    private var batch: Batch
    private var bodyHasher: ContentHasher?
    private var checksumHasher: ChecksumHasher?

    /// Bytes of the file that have arrived, durable or not.
    private(set) var offset: Int64
    /// Bytes that may still come.
    private var room: Int64
    /// The index of the open chunk at the last checkpoint.
    private var lastIndex: Int
    /// How much of the open chunk is durable as a tail.
    private var durableLength: Int

    init(
        _ upload: Upload, _ writer: consuming ChunkWriter, into batches: Handover<Batch>,
        room: Int64, limits: Limits, digestsBody: Bool, algorithms: Set<Checksum.Algorithm> = []
    ) {
        self.upload = upload.id
        self.batches = batches
        self.limits = limits
        self.writer = writer
        self.room = room
        batch = Batch(firstIndex: upload.run.count)
        bodyHasher = digestsBody ? ContentHasher() : nil
        checksumHasher = algorithms.isEmpty ? nil : ChecksumHasher(algorithms)
        offset = upload.offset
        lastIndex = upload.run.count
        durableLength = upload.tail?.entry.length ?? 0
    }

    /// Takes all of `bytes` that fit; false when some did not.
    mutating func receive(_ bytes: ByteBuffer) async throws(StoreError) -> Bool {
        var rest = bytes
        let fits = Int64(rest.readableBytes) <= room
        if !fits { rest = rest.getSlice(at: rest.readerIndex, length: Int(room)) ?? ByteBuffer() }
        bodyHasher?.update(rest.readableBytesUInt8Span)
        checksumHasher?.update(rest.readableBytesUInt8Span)
        offset += Int64(rest.readableBytes)
        room -= Int64(rest.readableBytes)
        while let chunk = try await writer.take(from: &rest) { await add(chunk) }
        return fits
    }

    /// Sends on what is whole, and makes the open chunk durable when it has been open since the last checkpoint.
    mutating func checkpoint() async throws(StoreError) {
        let index = batch.firstIndex + batch.chunks.count
        if index != lastIndex { durableLength = 0 }
        let isSlow = index == lastIndex && writer.length > durableLength
        lastIndex = index
        if isSlow {
            batch.tail = try await writer.persist(for: upload)
            durableLength = writer.length
        }
        if isSlow || !batch.chunks.isEmpty { await send() }
    }

    /// The digest of the whole body, when it was asked for.
    func bodyDigest() -> Digest? { bodyHasher?.digest() }

    /// The checksums of the whole body, by each algorithm that was asked for.
    mutating func checksums() -> Set<Checksum> { checksumHasher?.finish() ?? [] }

    /// Sends the last batch: the file's end when `sealing`, else the open chunk as the tail.
    consuming func finish(sealing: Upload.Length?) async throws(StoreError) {
        if sealing == nil {
            batch.tail = try await writer.persist(for: upload)
        } else if let chunk = writer.close() {
            batch.add(chunk)
        }
        batch.sealing = sealing
        await sendLast()
    }

    /// Sends the whole chunks only: the open one may hold anything after a failure.
    consuming func abandon() async { await sendLast() }

    private mutating func sendLast() async {
        batch.isLast = true
        await send()
    }

    private mutating func add(_ chunk: VerifiedChunk) async {
        batch.add(chunk)
        if batch.length >= limits.batchLength || batch.chunks.count >= limits.batchCount { await send() }
    }

    private mutating func send() async {
        let next = Batch(firstIndex: batch.firstIndex + batch.chunks.count)
        await batches.send(batch)
        batch = next
    }
}
