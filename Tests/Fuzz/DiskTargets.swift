import CairnContent
@testable import CairnDisk
import CairnEngine
import Foundation
import Hashing
import NIOCore

extension Target {
    /// The files of spec/disk-format.md.
    static let disk = [
        Target(name: "footer", take: footer), Target(name: "chunk-file", take: chunkFile),
        Target(name: "record", take: record),
    ]

    /// A footer; odd inputs get the checksum they should have.
    private static func footer(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let isMended = input.byte() & 1 == 1
        var coded = input.bytes
        if isMended, coded.count == ChunkFooter.length { mend(&coded) }
        guard let footer = ChunkFooter(ByteBuffer(bytes: coded)) else { return }
        claim(Array(footer.bytes.readableBytesView) == coded, "a footer has one coding")
        claim(footer.storedLength <= footer.entry.length, "what is kept is not longer than the chunk")
    }

    private static func mend(_ footer: inout [UInt8]) {
        let checksum = CRC32C.checksum(footer.span.extracting(first: 60))
        for place in 0..<4 { footer[60 + place] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * place)) }
    }

    /// A chunk file: as it came, with its last checksum mended, or as payload under a footer that fits.
    private static func chunkFile(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let mode = input.byte() % 4
        var coded: [UInt8]
        switch mode {
        case 0: coded = input.bytes
        case 1:
            coded = input.bytes
            var last = Array(coded.suffix(ChunkFooter.length))
            if last.count == ChunkFooter.length { mend(&last) }
            coded = coded.dropLast(last.count) + last
        default:
            let length = input.number() % Entry.lengthLimit + 1
            let payload = input.bytes
            let footer = ChunkFooter(
                Entry(digest: Digest(hashing: payload.span), length: mode == 2 ? max(payload.count, 1) : length),
                codec: mode == 2 ? .raw : .lz4, storedLength: payload.count,
                payloadChecksum: CRC32C.checksum(payload.span), nonce: 7)
            coded = payload + footer.bytes.readableBytesView
        }
        read(coded)
    }

    private static func read(_ coded: [UInt8]) {
        let digest = ChunkFooter(ByteBuffer(bytes: coded.suffix(ChunkFooter.length)))?.entry.digest
        do {
            let file = try SimulatedFileSystem().root("/store").makeFile()
            try file.write(coded.span, at: 0)
            let name = digest ?? Digest(hashing: coded.span)
            guard let chunk = try ChunkFile(file, named: name) else { return }
            claim(chunk.footer.storedLength + ChunkFooter.length == coded.count, "the footer says how long the file is")
            claim(
                try chunk.payload()?.readableBytes ?? chunk.footer.storedLength == chunk.footer.storedLength, "payload")
            guard let plain = try chunk.plain() else { return }
            claim(plain.readableBytes == chunk.footer.entry.length, "a chunk file gives exactly the chunk's length")
        } catch { claim(false, "a simulated disk does not fail: \(error)") }
    }

    /// A file record: as it came, under the digest it should have, or as facts behind a manifest that is right.
    private static func record(_ bytes: [UInt8]) {
        var input = Input(bytes)
        var coded: [UInt8]
        switch input.byte() % 3 {
        case 0: coded = input.bytes
        case 1:
            coded = input.bytes
            coded += Digest(hashing: coded.span).bytes
        default:
            let facts = input.bytes
            guard let manifest = try? Manifest(chunkSize: .minimum, entries: []) else {
                return claim(false, "no entries")
            }
            var content = ByteBuffer(bytes: manifest.bytes)
            content.writeInteger(UInt32(facts.count))
            content.writeBytes(facts)
            content.writeBytes(Digest(hashing: content.readableBytesUInt8Span).bytes)
            coded = Array(content.readableBytesView)
        }
        guard let record = FileRecord(ByteBuffer(bytes: coded)) else { return }
        claim(FileRecord(record.bytes) == record, "a record reads back")
    }
}
