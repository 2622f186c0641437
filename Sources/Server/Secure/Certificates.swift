import CairnEngine
import NIOSSL
import Synchronization

/// Where a certificate and its key are: PEM files, the certificate's with those of its issuers behind it.
public struct CertificateFiles: Hashable, Sendable {
    /// The path of the certificate and those that vouch for it, in PEM.
    public let certificate: String
    /// The path of its key, in PEM.
    public let key: String

    /// Both are read by `Certificates`, not here.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// Why a certificate is not used.
public enum CertificateError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(_ path: String, _ reason: String)
    case noCertificate
    case noKey
    /// The key is not that of the certificate.
    case mismatch
    /// Its time is over.
    case over

    /// What is wrong, with the path, in one sentence.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .noCertificate: "the certificate's file holds no certificate in PEM"
        case .noKey: "the key's file holds no key in PEM that needs no password"
        case .mismatch: "the key is not that of the certificate"
        case .over: "the certificate has expired"
        }
    }
}

/// The certificate that new connections are made with; it may be replaced while the server runs.
public final class Certificates: Sendable {
    /// Where they come from.
    public let files: CertificateFiles
    private let current: Mutex<NIOSSLContext>

    /// Reads both files.
    public init(_ files: CertificateFiles) throws(CertificateError) {
        self.files = files
        current = Mutex(try CertificatePair(files).context(at: Timestamp.now().seconds))
    }

    /// Reads both files again: connections made from now on use what is there, those that run go on as they are.
    ///
    /// - Throws: when it is of no use; the one before then stays.
    public func reload() throws(CertificateError) {
        try use(CertificatePair(files))
    }

    func use(_ pair: CertificatePair) throws(CertificateError) {
        let context = try pair.context(at: Timestamp.now().seconds)
        current.withLock { $0 = context }
    }

    /// For the next connection.
    var context: NIOSSLContext { current.withLock { $0 } }
}
