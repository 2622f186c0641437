import Hashing

/// The first 32 bytes of a binary manifest: they bound everything that follows (spec/manifest.md, "Header").
package struct ManifestHeader: Hashable, Sendable {
    /// The count of bytes in a header.
    package static let length = 32
    static let magic: UInt32 = 0x4352_4E4D
    static let version: UInt8 = 1
    private static let raggedFlag: UInt8 = 1
    private static let checksumPlace = 28

    package let chunkSize: ChunkSize
    package let isRagged: Bool
    /// How many entries follow.
    package let count: Int
    /// The length of the file, in bytes.
    package let fileLength: Int64

    /// What is stated of a manifest, when a manifest can be so.
    init(chunkSize: Int, isRagged: Bool, count: Int, fileLength: Int64) throws(ManifestError) {
        guard let known = ChunkSize(chunkSize) else { throw .chunkSize(chunkSize) }
        guard (0...Manifest.countLimit).contains(count) else { throw .tooManyEntries(limit: Manifest.countLimit) }
        self.chunkSize = known
        self.isRagged = isRagged
        self.count = count
        self.fileLength = fileLength
        try verifyLength()
    }

    init(of manifest: Manifest) {
        chunkSize = manifest.chunkSize
        isRagged = manifest.isRagged
        count = manifest.entries.count
        fileLength = manifest.length
    }

    /// The bytes of one entry: its digest, and when ragged its length.
    var entryLength: Int { Digest.length + (isRagged ? 4 : 0) }

    /// The length of the whole manifest in bytes, header and entries: known, and bounded, before any entry is read.
    package var encodedLength: Int { Self.length + count * entryLength }

    /// Reads the header at the start of `bytes`; what follows it is not looked at.
    ///
    /// - Throws: `notAManifest`, `damagedHeader` or `unsupported`; or what is impossible in an intact header:
    ///   `chunkSize`, `tooManyEntries`, `wrongLength`.
    package init(_ bytes: Span<UInt8>) throws(ManifestError) {
        try Self.verify(bytes)
        try self.init(
            chunkSize: Int(bytes.half(at: 8)), isRagged: bytes[5] & Self.raggedFlag != 0,
            count: Int(clamping: bytes.word(at: 12)), fileLength: Int64(clamping: bytes.word(at: 20)))
    }

    private static func verify(_ bytes: Span<UInt8>) throws(ManifestError) {
        guard bytes.count >= 4, bytes.half(at: 0) == magic else { throw .notAManifest }
        guard bytes.count >= length,
            CRC32C.checksum(bytes.extracting(first: checksumPlace)) == bytes.half(at: checksumPlace)
        else { throw .damagedHeader }
        let hasUnknownMark = bytes[5] & ~raggedFlag != 0 || bytes[6] != 0 || bytes[7] != 0
        guard bytes[4] == version, !hasUnknownMark else { throw .unsupported(version: Int(bytes[4])) }
    }

    /// As many entries hold from `count` bytes to `count` chunks; when not ragged, only the last may be short.
    private func verifyLength() throws(ManifestError) {
        let most = Int64(count) * Int64(chunkSize.length)
        let least = isRagged || count == 0 ? Int64(count) : most - Int64(chunkSize.length) + 1
        guard (least...most).contains(fileLength) else {
            throw .wrongLength(stated: fileLength, possible: least...most)
        }
    }

    /// The length of the chunk at `index` when not ragged: the chunk size, and for the last what is left.
    func length(at index: Int) -> Int {
        Int(min(Int64(chunkSize.length), fileLength - Int64(index) * Int64(chunkSize.length)))
    }

    func append(to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(bigEndian: Self.magic)
        bytes.append(Self.version)
        bytes.append(isRagged ? Self.raggedFlag : 0)
        bytes.append(bigEndian: UInt16(0))
        bytes.append(bigEndian: UInt32(chunkSize.length))
        bytes.append(bigEndian: UInt64(count))
        bytes.append(bigEndian: fileLength)
        bytes.append(bigEndian: CRC32C.checksum(bytes.span.extracting(droppingFirst: start)))
    }
}
