import COpenSSL

/// A message digest of the client's choice over bytes that come in parts, by OpenSSL; SHA-256 has a type of its own.
///
/// MD5 and SHA-1 find accidents and prove nothing against intent: a client asks for them, nothing here rests on them.
/// `Sendable` for the reasons of `SHA256`: the value is the only owner of its context and cannot be copied.
@safe public struct MessageHasher: ~Copyable, @unchecked Sendable {
    public enum Algorithm: String, CaseIterable, Sendable {
        case md5 = "MD5"
        case sha1 = "SHA1"
        case sha512 = "SHA2-512"

        /// The count of bytes in a digest.
        public var length: Int {
            switch self {
            case .md5: 16
            case .sha1: 20
            case .sha512: 64
            }
        }
    }

    private let algorithm: Algorithm
    /// An `EVP_MD_CTX`, always begun: ready for more bytes or to finish.
    private let context: OpaquePointer

    /// Begins with no bytes.
    public init(_ algorithm: Algorithm) {
        guard let fetched = unsafe EVP_MD_fetch(nil, algorithm.rawValue, nil), let context = unsafe EVP_MD_CTX_new()
        else { preconditionFailure("OpenSSL offers no \(algorithm)") }
        let begun = unsafe EVP_DigestInit_ex(context, fetched, nil)
        precondition(begun == 1, "\(algorithm) cannot begin")
        // The context holds a reference of its own.
        unsafe EVP_MD_free(fetched)
        self.algorithm = algorithm
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    /// Goes on with `bytes`, read in place.
    public mutating func update(_ bytes: Span<UInt8>) {
        let taken = unsafe bytes.withUnsafeBufferPointer { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(taken == 1, "\(algorithm) cannot go on")
    }

    /// The digest of all bytes since the start or the last `finish`; begins anew.
    public mutating func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: algorithm.length)
        let ended = unsafe digest.withUnsafeMutableBufferPointer { bytes in
            unsafe EVP_DigestFinal_ex(context, bytes.baseAddress, nil)
        }
        let begun = unsafe EVP_DigestInit_ex(context, nil, nil)
        precondition(ended == 1 && begun == 1, "\(algorithm) cannot end")
        return digest
    }
}
