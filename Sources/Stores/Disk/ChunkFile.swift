import CairnContent
import CairnEngine
import Hashing
import NIOCore

/// An open chunk file whose length and footer are right: payload, then footer (spec/disk-format.md, "Chunk file").
struct ChunkFile {
    let footer: ChunkFooter
    private let file: any OpenFile

    /// The cheap half of the checks: length, footer, name. Nil when one fails.
    init?(_ file: any OpenFile, named digest: Digest) throws(FileSystemError) {
        let payloadLength = try file.length() - ChunkFooter.length
        guard
            payloadLength >= 1,
            let footer = ChunkFooter(try file.read(ChunkFooter.length, at: payloadLength)),
            footer.storedLength == payloadLength, footer.entry.digest == digest
        else { return nil }
        self.footer = footer
        self.file = file
    }

    /// The payload, or nil when it is not the one the footer was written for.
    func payload() throws(FileSystemError) -> ByteBuffer? {
        let payload = try file.read(footer.storedLength, at: 0)
        guard
            payload.readableBytes == footer.storedLength,
            CRC32C.checksum(payload.readableBytesUInt8Span) == footer.payloadChecksum
        else { return nil }
        return payload
    }

    /// The chunk's bytes, or nil when the payload is damaged. Their digest is the engine's to verify.
    func plain() throws(FileSystemError) -> ByteBuffer? {
        guard let payload = try payload() else { return nil }
        switch footer.codec {
        case .raw: return payload
        case .lz4:
            let plain = ChunkBlock.decode(payload.readableBytesUInt8Span, to: footer.entry.length)
            return plain.map(ByteBuffer.init(bytes:))
        }
    }
}
