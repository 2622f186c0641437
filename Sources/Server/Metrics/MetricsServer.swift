import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
public import ServiceLifecycle

/// Serves `/metrics`, and nothing else, at an address of its own, to whoever reaches it.
public struct MetricsServer: Service {
    private let registry: MetricsRegistry
    private let host: String
    private let port: Int
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - port: 0 takes any free one.
    ///   - onListening: Called once with the port, when connections are accepted.
    public init(
        _ registry: MetricsRegistry, host: String, port: Int, logger: Logger = Logger(label: "cairn.metrics"),
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.registry = registry
        self.host = host
        self.port = port
        self.logger = logger
        self.onListening = onListening
    }

    /// Returns when the group stops, or throws what keeps it from listening.
    public func run() async throws {
        let registry = registry
        let router = Router(context: UploadContext.self)
        router.get("metrics") { request, _ in MetricsDoor.answer(request.method, registry) }
        router.head("metrics") { request, _ in MetricsDoor.answer(request.method, registry) }
        let app = Application(
            router: router, server: .uploads(),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(64, logger: logger)),
            onServerRunning: { [onListening, port] in await onListening($0.localAddress?.port ?? port) },
            logger: logger)
        try await app.run()
    }
}
