package import CairnContent

/// A body whose sender hears of progress before the answer, and may say what the bytes come to after the last of them.
///
/// The engine asks whether a body is one; any other is taken as it is.
package protocol AttendedBody: Sendable {
    /// Called for each batch that became durable while more bytes still arrive.
    func acknowledged(_ upload: Upload)

    /// What stands behind the last byte. Asked after the body has ended, and only when something was announced; nil
    /// when it did not come or cannot be read.
    func trailer() async -> Trailer?
}

/// What a request says of its bytes after the last of them.
package struct Trailer: Hashable, Sendable {
    /// What the body must come to.
    package var checksums: [Checksum]
    /// What the whole file must come to.
    package var fileChecksums: [Checksum]

    package init(checksums: [Checksum] = [], fileChecksums: [Checksum] = []) {
        self.checksums = checksums
        self.fileChecksums = fileChecksums
    }

    /// Which checksums are to be computed for a trailer that is announced and has not come.
    package enum Announced: Hashable, Sendable {
        case checksum(Checksum.Algorithm)
        /// What the whole file comes to, by any algorithm.
        case fileChecksum
    }
}
