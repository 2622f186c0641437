import CairnServer
import Logging
import ServiceLifecycle
import UnixSignals

/// Takes a new certificate at once when SIGHUP asks for it, instead of when its files are looked at next. A server
/// without one has nothing to read anew, and goes on.
struct ReloadSignal: Service {
    let certificates: Certificates?
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            guard let certificates else { continue }
            do throws(CertificateError) {
                try certificates.reload()
                logger.info("certificate read anew", metadata: ["file": "\(certificates.files.certificate)"])
            } catch {
                logger.error("certificate refused, the one before stays", metadata: ["cause": "\(error)"])
            }
        }
    }
}
