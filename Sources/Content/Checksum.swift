import Hashing

/// What a client says its bytes come to, by an algorithm of its choice; ours are digests.
package struct Checksum: Hashable, Sendable, Codable {
    package enum Algorithm: String, CaseIterable, Codable, Sendable {
        case sha1, sha256, md5, crc32, sha512

        /// The count of bytes in a checksum.
        package var length: Int {
            switch self {
            case .sha1: 20
            case .sha256: 32
            case .md5: 16
            case .crc32: 4
            case .sha512: 64
            }
        }
    }

    package let algorithm: Algorithm
    /// Big-endian where the algorithm gives a number.
    package let bytes: [UInt8]

    /// Nil unless there are as many bytes as the algorithm gives.
    package init?(_ algorithm: Algorithm, _ bytes: [UInt8]) {
        guard bytes.count == algorithm.length else { return nil }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// A digest is a checksum too.
    package init(_ digest: Digest) {
        algorithm = .sha256
        bytes = digest.bytes
    }

    fileprivate init(known algorithm: Algorithm, _ bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }
}

/// Computes several checksums over the same bytes, each byte read where it lies.
package struct ChecksumHasher: ~Copyable, Sendable {
    private let algorithms: Set<Checksum.Algorithm>
    private var sha1: MessageHasher?
    private var sha256: SHA256?
    private var md5: MessageHasher?
    private var sha512: MessageHasher?
    private var crc32: UInt32 = 0

    /// Begins with no bytes.
    package init(_ algorithms: some Sequence<Checksum.Algorithm>) {
        let algorithms = Set(algorithms)
        self.algorithms = algorithms
        sha1 = algorithms.contains(.sha1) ? MessageHasher(.sha1) : nil
        sha256 = algorithms.contains(.sha256) ? SHA256() : nil
        md5 = algorithms.contains(.md5) ? MessageHasher(.md5) : nil
        sha512 = algorithms.contains(.sha512) ? MessageHasher(.sha512) : nil
    }

    /// Goes on with `bytes`.
    package mutating func update(_ bytes: Span<UInt8>) {
        sha1?.update(bytes)
        sha256?.update(bytes)
        md5?.update(bytes)
        sha512?.update(bytes)
        if algorithms.contains(.crc32) { crc32 = CRC32.checksum(bytes, continuing: crc32) }
    }

    /// The checksums of all bytes since the start or the last `finish`, one for each algorithm asked for.
    package mutating func finish() -> Set<Checksum> {
        var checksums: Set<Checksum> = []
        if let bytes = sha1?.finish() { checksums.insert(Checksum(known: .sha1, bytes)) }
        if let bytes = sha256?.finish() { checksums.insert(Checksum(Digest(bytes))) }
        if let bytes = md5?.finish() { checksums.insert(Checksum(known: .md5, bytes)) }
        if let bytes = sha512?.finish() { checksums.insert(Checksum(known: .sha512, bytes)) }
        if algorithms.contains(.crc32) {
            checksums.insert(Checksum(known: .crc32, (0..<4).map { UInt8(truncatingIfNeeded: crc32 >> (24 - 8 * $0)) }))
        }
        crc32 = 0
        return checksums
    }
}
