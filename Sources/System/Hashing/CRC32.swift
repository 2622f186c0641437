/// The checksum of Ethernet, zip and PNG (ISO 3309; polynomial 04C11DB7, reflected), which tus clients may send.
///
/// It finds accidents only. Our own formats use CRC32C, which processors compute.
public enum CRC32 {
    /// The checksum of `bytes`.
    ///
    /// - Parameter checksum: That of the bytes before these, when they come in parts; 0 at the start.
    public static func checksum(_ bytes: Span<UInt8>, continuing checksum: UInt32 = 0) -> UInt32 {
        let table = table.span
        var crc = ~checksum
        for index in bytes.indices { crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])] ^ (crc >> 8) }
        return ~crc
    }

    /// The checksum of each single byte.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }
}
