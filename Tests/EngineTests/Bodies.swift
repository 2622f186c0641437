import AsyncAlgorithms
import CairnContent
import CairnEngine
import NIOCore

/// Byte i of the file that every test uploads; not periodic at any chunk size.
func pattern(_ range: Range<Int>, seed: UInt8 = 0) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(range.count)
    for index in range { buffer.writeInteger(UInt8(truncatingIfNeeded: (index &* 7 &+ index / 251) ^ Int(seed))) }
    return buffer
}

/// SHA-256 over all of `bytes`.
func digest(of bytes: ByteBuffer) -> Digest { Digest(hashing: bytes.readableBytesUInt8Span) }

struct LineDropped: Error {}

/// A body that brings `parts` and then ends, or breaks off.
struct Body: AsyncSequence, Sendable {
    var parts: [ByteBuffer]
    var breaks = false

    init(_ bytes: ByteBuffer, breaks: Bool = false) {
        parts = [bytes]
        self.breaks = breaks
    }

    init(_ bytes: ByteBuffer, cutInto lengths: [Int], breaks: Bool = false) {
        var rest = bytes
        parts = lengths.compactMap { rest.readSlice(length: Swift.min($0, rest.readableBytes)) }
        if rest.readableBytes > 0 { parts.append(rest) }
        self.breaks = breaks
    }

    static let empty = Body(ByteBuffer())

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>
        let breaks: Bool

        mutating func next() async throws -> ByteBuffer? {
            if let part = rest.popFirst() { return part }
            if breaks { throw LineDropped() }
            return nil
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: parts[...], breaks: breaks) }
}

/// A body whose parts the test hands in one by one; `send` returns when the engine asked for the next.
struct HeldBody: AsyncSequence, Sendable {
    let channel = AsyncThrowingChannel<ByteBuffer, any Error>()

    func makeAsyncIterator() -> AsyncThrowingChannel<ByteBuffer, any Error>.Iterator { channel.makeAsyncIterator() }

    func send(_ part: ByteBuffer) async { await channel.send(part) }

    func finish() { channel.finish() }
}

extension Engine {
    /// An engine over memory, with small chunks.
    static func ofSmallChunks(
        store: MemoryStore = MemoryStore(), ledger: MemoryLedger = MemoryLedger(), limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) -> Engine {
        Engine(store: store, ledger: ledger, limits: limits, chunkSize: .minimum, now: now)
    }

    func append(_ bytes: ByteBuffer, at offset: Int64, to id: UploadID) async throws(UploadError) -> Upload {
        try await append(Append(at: offset), body: Body(bytes), to: id, for: .everyone)
    }

    /// What became of an append, as a value.
    func outcome(
        of append: Append, body: some AsyncSequence<ByteBuffer, any Error> & Sendable, to id: UploadID
    ) async -> Result<Upload, UploadError> {
        do { return .success(try await self.append(append, body: body, to: id, for: .everyone)) } catch {
            return .failure(error)
        }
    }

    func outcome(
        of append: Append, body: some AsyncSequence<ByteBuffer, any Error> & Sendable, named key: UploadKey
    ) async -> Result<Upload, UploadError> {
        do { return .success(try await self.append(append, body: body, named: key, for: .everyone)) } catch {
            return .failure(error)
        }
    }

    func content(of upload: Upload) async throws -> ByteBuffer {
        var content = ByteBuffer()
        for try await part in bytes(0..<upload.offset, of: upload) { content.writeImmutableBuffer(part) }
        return content
    }
}

/// What the engine must say of these bytes.
func prefix(of bytes: ByteBuffer, chunkSize: ChunkSize = .minimum) -> Prefix {
    var run = Run()
    var rest = bytes
    while let chunk = rest.readSlice(length: chunkSize.length) {
        run.append(Entry(digest: Digest(hashing: chunk.readableBytesUInt8Span), length: chunkSize.length))
    }
    let tail =
        rest.readableBytes == 0
        ? nil : Entry(digest: Digest(hashing: rest.readableBytesUInt8Span), length: rest.readableBytes)
    return Prefix(offset: Int64(bytes.readableBytes), digest: run.prefixDigest(tail: tail))
}
