import CairnServer
import Foundation
import HTTPTypes
import NIOCore
import NIOSSL
import RawHTTP
import Testing

@Suite struct `A certificate` {
    private func refusal(_ change: (TestCertificates) async throws -> Void) async throws -> CertificateError? {
        let pair = try await TestCertificates()
        let certificates = try Certificates(pair.files)
        try await change(pair)
        do throws(CertificateError) { try certificates.reload() } catch { return error }
        return nil
    }

    @Test func `of no use is refused with what is wrong`() async throws {
        #expect(try await refusal { _ in } == nil)
        #expect(try await refusal { try await $0.make("other") } == nil)
        #expect(try await refusal { try $0.spoil("not PEM") } == .noCertificate)
        #expect(try await refusal { try $0.spoil("") } == .noCertificate)
        #expect(try await refusal { try Data("no key".utf8).write(to: URL(filePath: $0.files.key)) } == .noKey)
        #expect(
            try await refusal { pair in
                let key = try Data(contentsOf: URL(filePath: pair.files.key))
                try await pair.make()
                try key.write(to: URL(filePath: pair.files.key))
            } == .mismatch)
        let gone = try await refusal { try FileManager.default.removeItem(atPath: $0.files.key) }
        guard case .unreadable(_, "no such file")? = gone else { return #expect(Bool(false), "\(gone as Any)") }
    }

    @Test func `whose time is over is refused`() async throws {
        let fault = try await refusal { pair in
            try pair.spoil(expired.certificate)
            try Data(expired.key.utf8).write(to: URL(filePath: pair.files.key))
        }
        #expect(fault == .over)
    }

    @Test func `replaced while the server runs is that of new connections, and running ones go on`() async throws {
        let pair = try await TestCertificates()
        let certificates = try Certificates(pair.files)
        try await TestServer.run {
            $0.certificates = certificates
        } _: { server async throws in
            let old = try await StreamClient.open(server.port, pair)
            #expect(try await old.ask(.get, "/health").status == 200)
            try await pair.make("renewed")
            try certificates.reload()
            // It trusts the new one and no other.
            let new = try await StreamClient.open(server.port, pair)
            #expect(try await new.ask(.get, "/health").status == 200)
            #expect(try await old.ask(.get, "/health").status == 200)
            try pair.spoil("broken")
            #expect(throws: CertificateError.noCertificate) { try certificates.reload() }
            #expect(try await new.ask(.get, "/health").status == 200)
        }
    }

    @Test func `that is new is noticed by its files, and a broken one is a line in the log`() async throws {
        let pair = try await TestCertificates()
        let certificates = try Certificates(pair.files)
        try await TestServer.run {
            $0.certificates = certificates
        } _: { server async throws in
            try await pair.make("renewed")
            while !server.log.lines.contains(where: { $0.hasPrefix("info certificate replaced") }) {
                await Task.yield()
            }
            let client = try await StreamClient.open(server.port, pair)
            #expect(try await client.ask(.get, "/health").status == 200)
            let kept = try pair.client(["h2"])
            try pair.spoil("broken")
            while !server.log.lines.contains(where: { $0.hasPrefix("error certificate refused") }) {
                await Task.yield()
            }
            let connection = try await RawConnection.open(server.port) { channel in
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLClientHandler(context: kept, serverHostname: "localhost"))
            }
            try await connection.close()
        }
    }
}

/// A self-signed certificate that was good on one day of 2020.
private let expired = (
    certificate: """
    -----BEGIN CERTIFICATE-----
    MIIBFTCBu6ADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWxvY2FsaG9z
    dDAeFw0yMDAxMDEwMDAwMDBaFw0yMDAxMDIwMDAwMDBaMBQxEjAQBgNVBAMMCWxv
    Y2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLiWlKUbUIkXKgXT8w1h
    bZcsIXqltz//l7Oaw7ihNkXnSe+QtQQq7r/uDeLRRGpQmN93q401KRGoInIci4aB
    3dQwCgYIKoZIzj0EAwIDSQAwRgIhAJ5kBYhRQUrLnew6FSDb07IdnQ0RaJ3ieU/p
    O6BuZS3+AiEA5oymdKwTLh5Vklu7TlSdFk663RoavV659WuyuJdGUxQ=
    -----END CERTIFICATE-----
    """,
    key: """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMUl1iiK1A4VUrkMl
    M1K3HBVo1ry8G1uy3pa1n0NTMXqhRANCAAS4lpSlG1CJFyoF0/MNYW2XLCF6pbc/
    /5ezmsO4oTZF50nvkLUEKu6/7g3i0URqUJjfd6uNNSkRqCJyHIuGgd3U
    -----END PRIVATE KEY-----
    """
)
