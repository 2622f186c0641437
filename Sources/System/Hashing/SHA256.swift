import COpenSSL

/// SHA-256 (FIPS 180-4) over bytes that come in parts, at the speed of OpenSSL and without copying them.
///
/// That it is `Sendable` is true and out of the compiler's sight: the value is the only owner of its context and cannot
/// be copied, `mutating` calls exclude each other, and `fork` only reads.
@safe public struct SHA256: ~Copyable, @unchecked Sendable {
    /// An `EVP_MD_CTX`, always begun: ready for more bytes or to finish.
    private let context: OpaquePointer

    /// What every hasher begins as: OpenSSL looks its algorithm up under locks and by name, so it is asked once.
    private static let blank = SHA256(algorithm: "SHA2-256")

    /// Begins with no bytes.
    public init() {
        self = Self.blank.fork()
    }

    private init(algorithm: String) {
        guard let fetched = unsafe EVP_MD_fetch(nil, algorithm, nil), let context = unsafe EVP_MD_CTX_new() else {
            preconditionFailure("OpenSSL offers no SHA-256")
        }
        let begun = unsafe EVP_DigestInit_ex(context, fetched, nil)
        precondition(begun == 1, "SHA-256 cannot begin")
        // The context holds a reference of its own.
        unsafe EVP_MD_free(fetched)
        unsafe self.context = context
    }

    private init(copying original: OpaquePointer) {
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("no memory for SHA-256") }
        let copied = unsafe EVP_MD_CTX_copy_ex(context, original)
        precondition(copied == 1, "SHA-256 cannot be copied")
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    /// Goes on with `bytes`, read in place.
    public mutating func update(_ bytes: Span<UInt8>) {
        let taken = unsafe bytes.withUnsafeBufferPointer { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(taken == 1, "SHA-256 cannot go on")
    }

    /// Another hasher that has seen the same bytes; the two go on apart.
    public borrowing func fork() -> SHA256 {
        unsafe SHA256(copying: context)
    }

    /// The digest of all bytes since the start or the last `finish`; begins anew.
    public mutating func finish() -> InlineArray<32, UInt8> {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var span = digest.mutableSpan
        let ended = unsafe span.withUnsafeMutableBufferPointer { bytes in
            unsafe EVP_DigestFinal_ex(context, bytes.baseAddress, nil)
        }
        // With no algorithm named the context keeps the one it has.
        let begun = unsafe EVP_DigestInit_ex(context, nil, nil)
        precondition(ended == 1 && begun == 1, "SHA-256 cannot end")
        return digest
    }
}
