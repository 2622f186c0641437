package import CairnContent
package import NIOCore

/// A stream as a source: each byte is read and digested once, and held until it is surely acknowledged.
package actor StreamSource: UploadSource {
    /// How many of the last bytes are held, besides those of the chunk they begin in.
    ///
    /// What is on its way and not yet acknowledged is less: the server's two batches of 16 MiB and the buffers of
    /// both systems.
    package static let windowLength: Int64 = 64 << 20

    private let windowLength: Int64
    private let input: @Sendable () async throws(ClientError) -> ByteBuffer
    private var hasher: PrefixHasher
    private var window = StreamWindow()
    private var ended = false
    private var isReading = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - chunkSize: The server's: a stream cannot be digested again for another one.
    ///   - input: The next bytes of the stream, none at its end.
    package init(
        chunkSize: ChunkSize, windowLength: Int64 = windowLength,
        input: @escaping @Sendable () async throws(ClientError) -> ByteBuffer
    ) {
        self.windowLength = windowLength
        hasher = PrefixHasher(chunkSize: chunkSize)
        self.input = input
    }

    package var length: Int64? { ended ? window.range.upperBound : nil }

    package func prefixDigest(at offset: Int64, chunkSize: ChunkSize) async throws(ClientError) -> Digest? {
        guard chunkSize == hasher.chunkSize else { throw .notUnderstood("it changed its chunk size") }
        guard offset <= window.range.upperBound else { return nil }
        if offset == window.range.upperBound { return hasher.prefixDigest }
        let count = Int(offset / Int64(chunkSize.length))
        let tail = try tail(from: Int64(count) * Int64(chunkSize.length), to: offset)
        return hasher.prefixDigest(first: count, tail: tail)
    }

    package func bytes(at offset: Int64) async throws(ClientError) -> ByteBuffer? {
        while true {
            if let part = window.bytes(at: offset) { return part }
            guard offset == window.range.upperBound else { throw .streamLost(offset: offset) }
            guard !ended else { return nil }
            try await readMore()
        }
    }

    package func confirm() async throws(ClientError) {}

    /// What of the open chunk that begins at `start` lies before `end`, read from the window.
    private func tail(from start: Int64, to end: Int64) throws(ClientError) -> Entry? {
        var hasher = ContentHasher()
        var offset = start
        while offset < end {
            guard let part = window.bytes(at: offset) else { throw .streamLost(offset: end) }
            let bytes = part.readableBytesUInt8Span
            let length = min(bytes.count, Int(end - offset))
            hasher.update(bytes.extracting(first: length))
            offset += Int64(length)
        }
        return offset == start ? nil : Entry(digest: hasher.finish(), length: Int(end - start))
    }

    /// Reads once, or waits for the read that runs already: a broken try may have begun it.
    private func readMore() async throws(ClientError) {
        guard !isReading else { return await withCheckedContinuation { waiting.append($0) } }
        isReading = true
        defer {
            isReading = false
            waiting.forEach { $0.resume() }
            waiting = []
        }
        let part = try await input()
        guard part.readableBytes > 0 else { return ended = true }
        try hasher.consume(part.readableBytesUInt8Span)
        window.append(part)
        let chunkLength = Int64(hasher.chunkSize.length)
        window.drop(before: (window.range.upperBound - windowLength) / chunkLength * chunkLength)
    }
}
