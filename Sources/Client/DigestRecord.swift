import CairnContent

/// One file's digests as they are kept: magic, what vouches for them, digests, and a digest over all of it.
struct DigestRecord {
    private let vouchers: [UInt64]
    private let chunkSize: ChunkSize
    private let length: Int64
    private let digests: [Digest]

    init(_ stamp: FileStamp, _ chunkSize: ChunkSize, _ entries: [Entry]) {
        self.init(stamp, chunkSize, digests: entries.map(\.digest))
    }

    private init(_ stamp: FileStamp, _ chunkSize: ChunkSize, digests: [Digest]) {
        vouchers = [
            Self.magic, UInt64(bitPattern: stamp.length), UInt64(bitPattern: stamp.written), stamp.inode,
            UInt64(bitPattern: stamp.touched), UInt64(chunkSize.length),
        ]
        self.chunkSize = chunkSize
        self.digests = digests
        length = stamp.length
    }

    /// What `bytes` hold, or nil unless they are undamaged and of this very state of the file.
    init?(bytes: [UInt8], _ stamp: FileStamp, _ chunkSize: ChunkSize) {
        let head = DigestRecord(stamp, chunkSize, digests: []).head
        guard bytes.count >= head.count + Digest.length, bytes.count % Digest.length == head.count % Digest.length,
            bytes.starts(with: head)
        else { return nil }
        let covered = Array(bytes.dropLast(Digest.length))
        guard Digest(hashing: covered.span) == Digest(bytes: bytes.suffix(Digest.length)) else { return nil }
        let body = covered.dropFirst(head.count)
        let digests = stride(from: body.startIndex, to: body.endIndex, by: Digest.length).compactMap {
            Digest(bytes: body[$0..<$0 + Digest.length])
        }
        guard Int64(digests.count - 1) * Int64(chunkSize.length) < stamp.length else { return nil }
        self.init(stamp, chunkSize, digests: digests)
    }

    var bytes: [UInt8] {
        var bytes = head
        bytes.reserveCapacity(head.count + (digests.count + 1) * Digest.length)
        for digest in digests { digest.append(to: &bytes) }
        Digest(hashing: bytes.span).append(to: &bytes)
        return bytes
    }

    var entries: [Entry] {
        digests.enumerated().map { index, digest in
            let start = Int64(index) * Int64(chunkSize.length)
            return Entry(digest: digest, length: Int(min(Int64(chunkSize.length), length - start)))
        }
    }

    private var head: [UInt8] {
        vouchers.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }

    /// `CAIRNdg1`.
    private static let magic: UInt64 = 0x4341_4952_4E64_6731
}
