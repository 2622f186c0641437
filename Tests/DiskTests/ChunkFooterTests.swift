import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import Hashing
import NIOCore
import Testing

@Suite struct `The footer of a chunk file` {
    /// The example of spec/disk-format.md: the chunk `hello`.
    private static let example = ChunkFooter(
        Entry(of: Array("hello".utf8)), codec: .raw, storedLength: 5,
        payloadChecksum: CRC32C.checksum(Array("hello".utf8).span), nonce: 0x0123_4567_89AB_CDEF)

    @Test func `the page's example is what we write`() throws {
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        let example = page.components(separatedBy: "## Example").dropFirst().joined()
        let hexadecimal = example.matches(of: /(?m)^    [0-9a-f]{4}  ((?:[0-9a-f]{2}\b ?)+)/).map { String($0.1) }
        let bytes = hexadecimal.flatMap { $0.split(separator: " ").compactMap { UInt8($0, radix: 16) } }
        #expect(bytes == Array("hello".utf8) + Array(Self.example.bytes.readableBytesView))
    }

    @Test func `it reads back as it was written`() {
        let encoded = ChunkFooter(
            Entry(of: lines(5000)), codec: .lz4, storedLength: 4321, payloadChecksum: 0xDEAD_BEEF)
        for footer in [Self.example, encoded] {
            #expect(footer.bytes.readableBytes == 64)
            #expect(ChunkFooter(footer.bytes) == footer)
        }
    }

    @Test func `every flipped bit is noticed`() throws {
        for bit in 0..<512 {
            var bytes = Array(Self.example.bytes.readableBytesView)
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(ChunkFooter(ByteBuffer(bytes: bytes)) == nil, "bit \(bit)")
        }
    }

    @Test func `one byte too few or too many is noticed`() throws {
        for length in 0..<130 where length != 64 {
            let footer = Array(Self.example.bytes.readableBytesView)
            let bytes = footer + footer + [0, 0]
            #expect(ChunkFooter(ByteBuffer(bytes: bytes.prefix(length))) == nil, "\(length) bytes")
        }
    }

    @Test(arguments: [
        (0, "magic"), (4, "version"), (5, "codec"), (6, "zeros"), (7, "zeros"),
    ])
    func `what it cannot be is refused although its checksum is right`(place: Int, what: String) {
        #expect(ChunkFooter(signed { $0[place] ^= 0x40 }) == nil, "\(what)")
    }

    @Test func `lengths that cannot be are refused although the checksum is right`() {
        let tooLong = UInt32(Entry.lengthLimit + 1)
        #expect(
            ChunkFooter(
                signed {
                    $0.set(0, at: 8); $0.set(0, at: 12)
                }) == nil, "no bytes at all")
        #expect(
            ChunkFooter(
                signed {
                    $0.set(tooLong, at: 8); $0.set(tooLong, at: 12)
                }) == nil, "too many bytes")
        #expect(ChunkFooter(signed { $0.set(6, at: 12) }) == nil, "raw, and another length than the chunk's")
        for stored in [0, 5, 6] as [UInt32] {
            let footer = ChunkFooter(
                signed {
                    $0[5] = 1; $0.set(stored, at: 12)
                })
            #expect(footer == nil, "a block of \(stored) for 5 bytes")
        }
        #expect(
            ChunkFooter(
                signed {
                    $0[5] = 1; $0.set(4, at: 12)
                }) != nil, "what all these are not")
    }

    @Test func `two footers of one chunk differ`() {
        let entry = Entry(of: noise(1, 10))
        let footers = (0..<10).map { _ in ChunkFooter(entry, codec: .raw, storedLength: 10, payloadChecksum: 1) }
        #expect(Set(footers.map(\.nonce)).count == 10)
    }

    /// The example changed, with a checksum that fits the change.
    private func signed(_ change: (inout [UInt8]) -> Void) -> ByteBuffer {
        var bytes = Array(Self.example.bytes.readableBytesView.prefix(60))
        change(&bytes)
        var buffer = ByteBuffer(bytes: bytes)
        buffer.writeInteger(CRC32C.checksum(bytes.span))
        return buffer
    }

    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "spec/disk-format.md")
}

extension [UInt8] {
    fileprivate mutating func set(_ value: UInt32, at place: Int) {
        for (index, shift) in [24, 16, 8, 0].enumerated() {
            self[place + index] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }
}
