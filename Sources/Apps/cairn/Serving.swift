import ArgumentParser
import AsyncHTTPClient
import CairnClient
import CairnContent
import CairnDisk
import CairnEngine
import CairnServer
import Metrics
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// A server over one data directory, from its settings to its end.
struct Serving {
    let options: ServeOptions
    private let data: String

    /// - Parameter options: Those that `checkTogether` has passed.
    init(_ options: ServeOptions) {
        self.options = options
        data = options.data ?? ""
    }

    func run() async throws {
        LoggingSystem.bootstrap { [options] in options.logFormat.handler($0, options.logLevel) }
        let logger = Logger(label: "cairn")
        // Before anything is made that counts.
        let registry = options.metrics ? MetricsRegistry() : nil
        if let registry { MetricsSystem.bootstrap(registry) }
        let certificates = try certificates()
        let hooks = try hookSettings()
        let files = ProcessLimits.prepare()
        if files < options.limitConnections + 1024 {
            logger.warning("few open files allowed: raise the hard limit (ulimit -Hn)", metadata: ["files": "\(files)"])
        }
        let directory = try await opened(logger)
        let ledger = try await ledger(directory, logger)
        let engines = NamespaceEngines(
            directory: directory, ledger: ledger, limits: limits, chunkSize: options.chunkSize, dedup: options.dedup,
            logger: logger)
        let failure: (any Error)?
        do {
            let gate = try await gate(engines)
            try await recall(gate, engines, logger)
            failure = await serve(gate, engines, certificates, registry, hooks, logger)
        } catch {
            await ledger.close()
            await directory.close()
            throw error
        }
        await ledger.close()
        await directory.close()
        if let failure { try fail("cannot listen on \(options.listen): \(failure.reason)", ExitCode(69)) }
        logger.info("stopped")
    }

    private var limits: Limits {
        var limits = Limits()
        limits.length = options.limitLength
        limits.idle = .seconds(options.limitIdle * 3600)
        limits.trash = .seconds(options.limitTrash * 3600)
        return limits
    }

    private func certificates() throws -> Certificates? {
        guard let certificate = options.tlsCertificate, let key = options.tlsKey else { return nil }
        do {
            return try Certificates(CertificateFiles(certificate: certificate, key: key))
        } catch {
            try fail("\(error)", ExitCode(66))
        }
    }

    private func hookSettings() throws -> HookService.Settings {
        for case .command(let path)? in [options.hookBefore, options.hookAfter]
        where !FileManager.default.isExecutableFile(atPath: path) {
            try fail("\(path): not an executable", ExitCode(66))
        }
        var settings = HookService.Settings(
            before: options.hookBefore, after: options.hookAfter, limit: .seconds(options.hookTimeout))
        if let path = options.hookSecret {
            let bytes = FileManager.default.contents(atPath: path)
            let secret = bytes.map { $0.last == UInt8(ascii: "\n") ? $0.dropLast() : $0 }
            guard let secret, (16...64).contains(secret.count) else {
                try fail("\(path): not a file of 16 to 64 bytes", ExitCode(66))
            }
            settings.secret = [UInt8](secret)
        }
        return settings
    }

    private func opened(_ logger: Logger) async throws -> DataDirectory {
        do {
            return try await DataDirectory.open(data, logger: logger, forced: options.force)
        } catch {
            try fail("\(data): \(error.advice)", error.exitCode)
        }
    }

    private func ledger(_ directory: DataDirectory, _ logger: Logger) async throws -> SQLLedger {
        do {
            return try await directory.openLedger(logger: logger)
        } catch {
            await directory.close()
            try fail("\(error)", ExitCode(74))
        }
    }

    /// Who may come; refused where everybody could whom the address lets in, unless that is wanted.
    private func gate(_ engines: NamespaceEngines) async throws -> Gate {
        let gate: Gate
        do { gate = try await engines.gate() } catch {
            try fail("\(data): cannot tell who may come: \(Advice.on(error))", ExitCode(74))
        }
        guard options.listen.exposure.permits(isProtected: gate.isClosed, isAllowed: options.open) else {
            try fail(
                "\(options.listen) is not of this machine only, and there are no tokens: whoever reaches it could read "
                    + "and write. Make a token first (cairn token create NAME --data \(data)), or say --open",
                ExitCode(64))
        }
        return gate
    }

    /// What a lost log has taken with it is in the records still.
    private func recall(_ gate: Gate, _ engines: NamespaceEngines, _ logger: Logger) async throws {
        guard engines.ledger.mayHaveForgotten else { return }
        do { try await gate.adopt(try await engines.recorded(), logger: logger) } catch {
            try fail("\(data): cannot look for files that the ledger has lost: \(Advice.on(error))", ExitCode(74))
        }
    }

    /// Returns when a signal has ended the server, or with what kept it from listening.
    private func serve(
        _ gate: Gate, _ engines: NamespaceEngines, _ certificates: Certificates?, _ registry: MetricsRegistry?,
        _ hooks: HookService.Settings, _ logger: Logger
    ) async -> (any Error)? {
        var configuration = UploadServer.Configuration()
        switch options.listen {
        case .network(let host, let port): (configuration.host, configuration.port) = (host, port)
        case .socket(let path): configuration.socket = SocketFile(path: path, mode: options.socketMode.bits)
        }
        configuration.connections = options.limitConnections
        configuration.trustedProxies = Set(options.trustedProxy)
        configuration.page = options.page
        configuration.certificates = certificates
        configuration.origins = options.origins
        configuration.accessLog = options.logFormat == .json ? .fields : .line
        configuration.metrics = options.metricsListen == nil ? registry : nil
        configuration.upkeep.scrub = options.scrubHours > 0 ? .seconds(options.scrubHours * 3600) : nil
        let http = HTTPClient.hooks()
        let teller = HookService(hooks, http, logger)
        configuration.hooks = teller.hooks
        // Until the socket has its own mode nobody else may connect.
        let mask = configuration.socket.map { _ in umask(0o077) }
        let server = UploadServer(
            gate: gate, configuration: configuration, companions: [engines.watch(gate)], logger: logger
        ) { port in
            if let mask { umask(mask) }
            greet(options.listen.with(port: port))
        }
        var services: [any Service] = [ReloadSignal(certificates: certificates, logger: logger)]
        if let registry, case .network(let host, let port)? = options.metricsListen {
            services.append(MetricsServer(registry, host: host, port: port, logger: logger))
        }
        let group = ServiceGroup(
            services: services + [teller, server] + backups(engines, logger),
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        var failure: (any Error)?
        do { try await group.run() } catch { failure = error }
        try? await http.shutdown()  // what it cannot close ends with the process
        return failure
    }

    private func backups(_ engines: NamespaceEngines, _ logger: Logger) -> [any Service] {
        guard options.backupHours > 0 else { return [] }
        return [
            LedgerBackups(
                directory: engines.directory, ledger: engines.ledger, hours: options.backupHours, logger: logger)
        ]
    }

    private func greet(_ address: ListenAddress) {
        let url = address.url(isSecure: options.tlsCertificate != nil)
        var curl = "curl -T FILE \(url)/files/"
        if case .socket(let path) = address { curl = "curl --unix-socket \(path) -T FILE http://localhost/files/" }
        Console.print(
            """
            listening on \(url), data in \(data)
              cairn put FILE --to \(url)
              \(curl)
            """)
    }

    private func fail(_ text: String, _ code: ExitCode) throws -> Never {
        Console.complain("cairn: \(text)")
        throw code
    }
}

extension DiskError {
    /// What is wrong, and what the operator can do.
    var advice: String {
        switch self {
        case .inUse(let process): "in use by process \(process ?? "unknown"). Stop that one first"
        case .unfitFileSystem(let kind): "on \(kind), whose syncs promise nothing. Use ext4 or XFS, or --force"
        case .newer(let version, let features):
            "written by a newer Cairn (format \(version)\(features.map { ", \($0)" }.joined())). Use that one"
        case .notADataDirectory:
            "neither empty nor a data directory. Give another; if it lost its format.json, run `cairn store rebuild`"
        case .absentParent: "the folder it is to be made in is not there. Make that one first, or give another"
        case .failed(let cause): "\(cause). Look at the disk, its permissions and the system's log, then try again"
        }
    }

    var exitCode: ExitCode {
        switch self {
        case .inUse: ExitCode(75)
        case .notADataDirectory, .absentParent: ExitCode(66)
        case .unfitFileSystem, .newer, .failed: ExitCode(74)
        }
    }
}
