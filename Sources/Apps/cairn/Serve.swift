public import ArgumentParser
import CairnClient
import CairnContent
import CairnDisk
public import CairnEngine
import CairnServer
import Logging
import ServiceLifecycle
import UnixSignals

/// `cairn serve`: a server over one data directory.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a data directory over HTTP.",
        discussion: """
            A browser that opens the address finds a page to upload with. Requests are logged on standard error. \
            SIGTERM and SIGINT end running requests, keep what they brought, and stop. Without tokens (`cairn token`) \
            whoever reaches the address may read and write, so it is one of this machine only.
            """)

    @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "host:port"))
    var listen = ListenAddress(host: "127.0.0.1", port: 8080)

    @Option(help: ArgumentHelp("The data directory; made when it is absent.", valueName: "folder"))
    var data: String

    @Option(help: ArgumentHelp("The chunk size of new uploads: 64K to 16M.", valueName: "length"))
    var chunkSize = ChunkSize.standard

    @Option(help: ArgumentHelp("The longest file, in bytes.", valueName: "length"))
    var limitLength = Limits().length

    @Option(help: ArgumentHelp("Hours after which an unfinished upload without news expires.", valueName: "hours"))
    var limitIdle = Int(Limits().idle / .seconds(3600))

    @Option(help: ArgumentHelp("Hours that what was reclaimed stays in the trash; 0 is none.", valueName: "hours"))
    var limitTrash = Int(Limits().trash / .seconds(3600))

    @Option(
        help: ArgumentHelp(
            "Hours within which every chunk is read and verified again; 0 is never.", valueName: "hours"))
    var scrubHours = 720

    @Option(help: ArgumentHelp("Hours between two copies of the ledger in backup/; 0 is none.", valueName: "hours"))
    var backupHours = 24

    @Option(help: ArgumentHelp("The most connections at once.", valueName: "n"))
    var limitConnections = UploadServer.Configuration().connections

    @Option(
        help: ArgumentHelp(
            "Which chunks a client need not send: off (those of the same upload), prove (its own, and others with a "
                + "proof), trust (all); prove with tokens, else trust.",
            valueName: "mode"))
    var dedup: Dedup?

    @Option(
        help: ArgumentHelp(
            "A proxy whose Forwarded or X-Forwarded fields are believed; may be given several times.", valueName: "ip"))
    var trustedProxy: [String] = []

    @Flag(inversion: .prefixedNo, help: "Serve the page at /, where a browser uploads.")
    var page = true

    @Flag(help: "Serve also from a file system whose syncs promise nothing, such as NFS or an overlay.")
    var force = false

    @OptionGroup var tokens: TokenOptions

    func validate() throws {
        guard limitLength >= 0, (1...1_000_000).contains(limitIdle), (1...1_000_000).contains(limitConnections),
            (0...1_000_000).contains(limitTrash), (0...1_000_000).contains(scrubHours),
            (0...1_000_000).contains(backupHours)
        else {
            throw ValidationError("A limit is out of range.")
        }
    }

    func run() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logger = Logger(label: "cairn")
        let files = ProcessLimits.prepare()
        if files < limitConnections + 1024 {
            logger.warning("few open files allowed: raise the hard limit (ulimit -Hn)", metadata: ["files": "\(files)"])
        }
        let directory = try await opened(logger)
        let ledger = try await ledger(directory, logger)
        let engines = NamespaceEngines(
            directory: directory, ledger: ledger, limits: limits, chunkSize: chunkSize, dedup: dedup, logger: logger)
        let failure: (any Error)?
        do {
            let gate = try await tokens.gate(engines, listeningOn: listen.host, data)
            failure = await serve(gate, engines.watch(gate), directory, ledger, logger)
        } catch {
            await ledger.close()
            await directory.close()
            throw error
        }
        await ledger.close()
        await directory.close()
        if let failure { try fail("cannot listen on \(listen): \(failure.reason)", ExitCode(69)) }
        logger.info("stopped")
    }

    private var limits: Limits {
        var limits = Limits()
        limits.length = limitLength
        limits.idle = .seconds(limitIdle * 3600)
        limits.trash = .seconds(limitTrash * 3600)
        return limits
    }

    private func opened(_ logger: Logger) async throws -> DataDirectory {
        do {
            return try await DataDirectory.open(data, logger: logger, forced: force)
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

    /// Returns when a signal has ended the server, or with what kept it from listening.
    private func serve(
        _ gate: Gate, _ watch: TokenWatch, _ directory: DataDirectory, _ ledger: SQLLedger, _ logger: Logger
    ) async -> (any Error)? {
        var configuration = UploadServer.Configuration()
        configuration.host = listen.host
        configuration.port = listen.port
        configuration.connections = limitConnections
        configuration.trustedProxies = Set(trustedProxy)
        configuration.page = page
        configuration.upkeep.scrub = scrubHours > 0 ? .seconds(scrubHours * 3600) : nil
        // What a lost log has taken with it is in the records still.
        if ledger.wasUnclean {
            do { configuration.upkeep.recorded = try await directory.store.recorded() } catch { return error }
        }
        let server = UploadServer(
            gate: gate, configuration: configuration, companions: [watch], logger: logger
        ) { port in greet(ListenAddress(host: listen.host, port: port)) }
        let group = ServiceGroup(
            services: [server] + backups(directory, ledger, logger), gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        do { try await group.run() } catch { return error }
        return nil
    }

    private func backups(
        _ directory: DataDirectory, _ ledger: SQLLedger, _ logger: Logger
    ) -> [any Service] {
        guard backupHours > 0 else { return [] }
        return [LedgerBackups(directory: directory, ledger: ledger, hours: backupHours, logger: logger)]
    }

    private func greet(_ address: ListenAddress) {
        Console.print(
            """
            listening on http://\(address), data in \(data)
              cairn put FILE --to http://\(address)
              curl -T FILE http://\(address)/files/
            """)
    }

    private func fail(_ text: String, _ code: ExitCode) throws -> Never {
        Console.complain("cairn: \(text)")
        throw code
    }
}

extension Dedup: ExpressibleByArgument {}

/// `HOST:PORT`; an IPv6 address stands in brackets.
struct ListenAddress: ExpressibleByArgument, CustomStringConvertible {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        let host = argument[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard !host.isEmpty, isBracketed || !host.contains(":") else { return nil }
        self.init(host: isBracketed ? String(host.dropFirst().dropLast()) : String(host), port: port)
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
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
        case .failed(let cause): cause
        }
    }

    var exitCode: ExitCode {
        switch self {
        case .inUse: ExitCode(75)
        case .notADataDirectory: ExitCode(66)
        case .unfitFileSystem, .newer, .failed: ExitCode(74)
        }
    }
}
