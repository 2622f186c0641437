package import CairnContent
package import CairnEngine
import Hashing
package import NIOCore

/// The last 64 bytes of a chunk file: what the payload before them is (spec/disk-format.md, "Chunk file").
package struct ChunkFooter: Hashable, Sendable {
    /// The count of bytes in a footer.
    package static let length = 64
    /// `CRNC`.
    static let magic: UInt32 = 0x4352_4E43
    static let version: UInt8 = 1
    private static let checksumPlace = 60

    package let codec: StoredChunk.Codec
    /// The chunk itself: its digest, and its length in bytes.
    package let entry: Entry
    /// Bytes of payload.
    package let storedLength: Int
    /// CRC32C of the payload.
    package let payloadChecksum: UInt32
    /// Random, and in no digest: it makes every write of one chunk another object.
    package let nonce: UInt64

    package init(
        _ entry: Entry, codec: StoredChunk.Codec, storedLength: Int, payloadChecksum: UInt32,
        nonce: UInt64 = .random(in: .min ... .max)
    ) {
        self.entry = entry
        self.codec = codec
        self.storedLength = storedLength
        self.payloadChecksum = payloadChecksum
        self.nonce = nonce
    }

    /// How the chunk lies at rest.
    package var chunk: StoredChunk { StoredChunk(entry: entry, storedLength: storedLength, codec: codec) }
}

extension ChunkFooter {
    /// The 64 bytes.
    package var bytes: ByteBuffer {
        var bytes = ByteBufferAllocator().buffer(capacity: Self.length)
        bytes.writeInteger(Self.magic)
        bytes.writeInteger(Self.version)
        bytes.writeInteger(codec.rawValue)
        bytes.writeInteger(UInt16(0))
        bytes.writeInteger(UInt32(entry.length))
        bytes.writeInteger(UInt32(storedLength))
        bytes.writeInteger(payloadChecksum)
        bytes.writeBytes(entry.digest.bytes)
        bytes.writeInteger(nonce)
        bytes.writeInteger(CRC32C.checksum(bytes.readableBytesUInt8Span))
        return bytes
    }

    /// Reads a footer; nil unless every byte of it is as it was written.
    package init?(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard bytes.readableBytes == Self.length else { return nil }
        let checksum = CRC32C.checksum(bytes.readableBytesUInt8Span.extracting(first: Self.checksumPlace))
        guard
            bytes.readInteger() == Self.magic, bytes.readInteger() == Self.version,
            let codec = bytes.readInteger().flatMap(StoredChunk.Codec.init(rawValue:)),
            bytes.readInteger() == UInt16(0),
            let (plainLength, storedLength, payloadChecksum) = bytes.readMultipleIntegers(
                as: (UInt32, UInt32, UInt32).self),
            let digest = bytes.readBytes(length: Digest.length).flatMap(Digest.init(bytes:)),
            let nonce: UInt64 = bytes.readInteger(), bytes.readInteger() == checksum,
            let entry = Entry(checking: digest, length: Int(plainLength))
        else { return nil }
        self.init(
            entry, codec: codec, storedLength: Int(storedLength), payloadChecksum: payloadChecksum, nonce: nonce)
        guard hasPossibleLengths else { return nil }
    }

    /// A raw payload is the chunk; a block is kept only when it is shorter.
    private var hasPossibleLengths: Bool {
        switch codec {
        case .raw: storedLength == entry.length
        case .lz4: (1..<entry.length).contains(storedLength)
        }
    }
}
