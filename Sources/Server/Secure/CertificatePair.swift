import FoundationEssentials
import NIOSSL

/// A certificate with those of its issuers, and its key, as they stand in two PEM files.
struct CertificatePair: Hashable, Sendable {
    let chain: [UInt8]
    let key: [UInt8]

    /// The most that a file of certificates may have, in bytes.
    private static let limit = 1 << 20

    init(_ files: CertificateFiles) throws(CertificateError) {
        chain = try Self.contents(files.certificate)
        key = try Self.contents(files.key)
    }

    private static func contents(_ path: String) throws(CertificateError) -> [UInt8] {
        do {
            let bytes = try Data(contentsOf: URL(filePath: path))
            guard bytes.count <= limit else { throw CertificateError.unreadable(path, "too long") }
            return [UInt8](bytes)
        } catch let error as CertificateError {
            throw error
        } catch {
            throw .unreadable(path, (error as? CocoaError)?.code == .fileReadNoSuchFile ? "no such file" : "no access")
        }
    }

    /// What connections are made with.
    ///
    /// - Throws: when a file is no PEM, the key is another certificate's, or the certificate is over at `moment`, in
    ///   seconds since 1970.
    func context(at moment: Int64) throws(CertificateError) -> NIOSSLContext {
        let certificates = try Self.parsed(.noCertificate) { try NIOSSLCertificate.fromPEMBytes(chain) }
        guard let first = certificates.first else { throw .noCertificate }
        guard Int64(first.notValidAfter) > moment else { throw .over }
        let privateKey = try Self.parsed(.noKey) { try NIOSSLPrivateKey(bytes: key, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        let final = configuration
        return try Self.parsed(.mismatch) { try NIOSSLContext(configuration: final) }
    }

    private static func parsed<Value>(
        _ fault: CertificateError, _ work: () throws -> Value
    ) throws(CertificateError) -> Value {
        do { return try work() } catch { throw fault }
    }
}
