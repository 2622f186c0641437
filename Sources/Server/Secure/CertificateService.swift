public import Logging
public import ServiceLifecycle

/// Looks once a second whether the files of a certificate have changed, and takes the new one.
///
/// One that is of no use is refused with a line in the log, and the one before stays.
public struct CertificateService: Service {
    private let certificates: Certificates
    private let interval: Duration
    private let logger: Logger

    /// - Parameter interval: How often the files are read.
    public init(
        _ certificates: Certificates, interval: Duration = .seconds(1),
        logger: Logger = Logger(label: "cairn.certificates")
    ) {
        self.certificates = certificates
        self.interval = interval
        self.logger = logger
    }

    /// Returns when the group stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var watch = CertificateWatch(look())
            // A sleep throws only when it is cancelled.
            while (try? await Task.sleep(for: interval)) != nil {
                guard let sight = watch.see(look()) else { continue }
                take(sight)
            }
        }
    }

    private func look() -> CertificateWatch.Sight {
        Result { () throws(CertificateError) in try CertificatePair(certificates.files) }
    }

    private func take(_ sight: CertificateWatch.Sight) {
        do throws(CertificateError) {
            try certificates.use(sight.get())
            logger.info("certificate replaced", metadata: ["file": "\(certificates.files.certificate)"])
        } catch {
            logger.error("certificate refused, the one before stays", metadata: ["cause": "\(error)"])
        }
    }
}

/// Which of the sights of two files is worth a try: one unlike the last that was tried, and seen twice in a row,
/// because two files are never replaced at once. Pure.
struct CertificateWatch {
    typealias Sight = Result<CertificatePair, CertificateError>

    private var tried: Sight
    private var seen: Sight

    /// - Parameter first: What is in use.
    init(_ first: Sight) {
        tried = first
        seen = first
    }

    /// The sight, if it should be tried now.
    mutating func see(_ sight: Sight) -> Sight? {
        defer { seen = sight }
        guard sight == seen, sight != tried else { return nil }
        tried = sight
        return sight
    }
}
