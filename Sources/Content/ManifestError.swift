/// Why bytes or entries are no manifest: one case for each thing that must be mended.
public enum ManifestError: Error, Hashable, Sendable {
    /// These bytes are something else.
    case notAManifest
    /// The header is not as it was written, or cut short. Read another copy.
    case damagedHeader
    /// Written by a version, or with marks, that this one does not know.
    case unsupported(version: Int)
    /// Not as many bytes as the header calls for, or not as many lengths as entries. Read another copy.
    case wrongSize(expected: Int, actual: Int)
    /// No power of two from 64 KiB to 16 MiB.
    case chunkSize(Int)
    /// More entries than a manifest may have; take a larger chunk size.
    case tooManyEntries(limit: Int)
    /// The chunk of this entry is empty, or longer than `limit`, the chunk size. In bytes.
    case entryLength(index: Int, length: Int, limit: Int)
    /// The stated length of the file is none that its entries can have. In bytes.
    case wrongLength(stated: Int64, possible: ClosedRange<Int64>)
    /// Marked as ragged and not so, or the other way round: a manifest has one coding.
    case wrongMark(isRagged: Bool)
    /// The stated content id is not that of the entries.
    case wrongContentID(stated: Digest, actual: Digest)
}
