public import CairnDialects
public import CairnEngine
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle

/// Serves an engine over HTTP.
///
/// A service: in a `ServiceGroup` with signals it ends gracefully. First the engine stops, so that running bodies end
/// and what arrived of them is kept and told; then connections are closed as they fall idle.
public struct UploadServer: Service {
    /// How a server listens, and what it lets be done.
    public struct Configuration: Sendable {
        /// The name or address of the interface to listen at. Without a `Gate` whoever reaches it may do everything.
        public var host = "127.0.0.1"
        /// 0 takes any free port.
        public var port = 8080
        /// Listens there instead.
        public var socket: SocketFile?
        /// The most connections at once; more wait until one ends.
        public var connections = 4096
        /// The most downloads at once; each holds up to two chunks in memory, and more are answered 503.
        public var downloads = 256
        /// The IP addresses of proxies whose `Forwarded` fields say where clients reach this server.
        public var trustedProxies: Set<String> = []
        /// Whether the page is served, at `/` and beside it (spec/page.md).
        public var page = true
        /// What connections may take and how patient the server is with them.
        public var channel = ChannelSettings()
        /// With it the server speaks TLS, HTTP/2 and HTTP/1.1; without, HTTP/1.1 in the clear.
        public var certificates: Certificates?
        /// What is served at `/metrics`, to callers on this machine; nil where that is elsewhere, or nowhere.
        public var metrics: MetricsRegistry?
        /// Who is asked and told of uploads.
        public var hooks = UploadHooks()
        /// The pages that may use the server from another origin.
        public var origins = Origins.any
        /// How a request is logged.
        public var accessLog = AccessLogForm.line
        /// How often uploads are looked for whose time is over.
        public var expiryInterval: Duration = .seconds(300)
        /// What is done for what is kept.
        public var upkeep = UploadService.Upkeep()

        /// A server in the clear, at port 8080 of loopback, with the page.
        public init() {}
    }

    private let gate: Gate
    private let companions: [any Service]
    private let configuration: Configuration
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// A server that asks nobody who they are.
    ///
    /// - Parameter onListening: Called once with the port, when connections are accepted.
    public init(
        engine: Engine, configuration: Configuration = Configuration(), logger: Logger = Logger(label: "cairn.server"),
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.init(gate: Gate(to: engine), configuration: configuration, logger: logger, onListening: onListening)
    }

    /// - Parameters:
    ///   - companions: What runs as long as the server does, such as a `TokenWatch`.
    ///   - onListening: Called once with the port, when connections are accepted.
    public init(
        gate: Gate, configuration: Configuration = Configuration(), companions: [any Service] = [],
        logger: Logger = Logger(label: "cairn.server"),
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.gate = gate
        self.companions = companions
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Returns when the server has ended: gracefully, or because it could not listen.
    public func run() async throws {
        let gate = gate
        let socket = configuration.socket
        try await socket?.claim()
        defer { socket?.remove() }
        // Before the connections: they end only when their bodies do.
        try await withGracefulShutdownHandler {
            try await application().run()
        } onGracefulShutdown: {
            gate.stop()
        }
    }

    private var address: BindAddress {
        if let socket = configuration.socket { return .unixDomainSocket(path: socket.path) }
        return .hostname(configuration.host, port: configuration.port)
    }

    private var watching: [any Service] {
        configuration.certificates.map { [CertificateService($0, logger: logger)] } ?? []
    }

    private var connections: HTTPServerBuilder {
        guard let certificates = configuration.certificates else { return .uploads(settings: configuration.channel) }
        return .uploads(
            settings: configuration.channel, certificates: certificates, streams: configuration.connections)
    }

    private func application() -> some ApplicationProtocol {
        let health = Health()
        return Application(
            responder: UploadResponder<UploadContext>(
                gate: gate, downloads: configuration.downloads, trustedProxies: configuration.trustedProxies,
                page: configuration.page, metrics: configuration.metrics,
                hooks: configuration.hooks, origins: configuration.origins,
                accessLog: configuration.accessLog, health: health),
            server: connections,
            configuration: ApplicationConfiguration(
                address: address, backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.connections, logger: logger)),
            services: [
                UploadService(
                    gate: gate, health: health, interval: configuration.expiryInterval,
                    upkeep: configuration.upkeep, counts: RequestMetrics(configuration.metrics), logger: logger)
            ] + watching + companions,
            onServerRunning: {
                [onListening, logger, socket = configuration.socket, port = configuration.port] channel in
                do { try socket?.open() } catch {
                    logger.error("cannot open the socket", metadata: ["cause": "\(error)"])
                }
                await onListening(channel.localAddress?.port ?? port)
            },
            logger: logger)
    }
}
