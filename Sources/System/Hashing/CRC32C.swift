import CCRC32C

/// Finds accidental damage in headers and stored bytes; it proves nothing against intent.
///
/// Castagnoli's polynomial (RFC 9260, appendix A), by the processor's instruction where there is one.
public enum CRC32C {
    /// The checksum of `bytes`.
    ///
    /// - Parameter checksum: That of the bytes before these, when they come in parts; 0 at the start.
    public static func checksum(_ bytes: Span<UInt8>, continuing checksum: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { unsafe ccrc32c(checksum, $0.baseAddress, $0.count) }
    }

    /// The same by tables alone, so that the tests can compare the two on any machine.
    package static func portableChecksum(_ bytes: Span<UInt8>, continuing checksum: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { unsafe ccrc32c_portable(checksum, $0.baseAddress, $0.count) }
    }
}
