import CairnContent
import Foundation

/// A digest as a column holds it.
extension Digest {
    /// The 32 bytes.
    var data: Data { Data(bytes) }

    /// The digest of a column, or nil unless it has 32 bytes.
    ///
    /// Byte by byte, as the initializer for any collection is generic across modules and takes five times as long as
    /// SQLite does to find the row.
    init?(_ data: Data) {
        guard data.count == Self.length else { return nil }
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        for place in bytes.indices { bytes[place] = data[data.startIndex + place] }
        self.init(bytes)
    }
}
