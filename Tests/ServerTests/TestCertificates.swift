import CairnProcess
import CairnServer
import Foundation
import NIOSSL
import Testing

/// A folder with a certificate for `localhost` and its key, which is gone with this.
final class TestCertificates: Sendable {
    let folder: URL
    let files: CertificateFiles

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "cairn-tls-\(UUID().uuidString)")
        files = CertificateFiles(
            certificate: folder.appending(path: "cert.pem").path, key: folder.appending(path: "key.pem").path)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try await make()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }  // what is left, the system removes

    /// Makes a new pair and puts it in the place of the last one.
    func make(_ name: String = "localhost") async throws {
        try await run(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)"]
                + ["-addext", "subjectAltName=DNS:localhost", "-days", "2"]
                + ["-keyout", files.key, "-out", files.certificate])
    }

    /// Writes `text` where the certificate stands.
    func spoil(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: files.certificate)) }

    /// What a client trusts that knows this certificate, and the protocols it asks for.
    func client(_ protocols: [String]) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(files.certificate))
        configuration.applicationProtocols = protocols
        return try NIOSSLContext(configuration: configuration)
    }

    private func run(_ arguments: [String]) async throws {
        let (status, text) = try await ChildProcess.run("openssl", arguments)
        try #require(status == 0, "\(text)")
    }
}
