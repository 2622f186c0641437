import CairnDialects
public import CairnEngine
import HTTPTypes
public import Hummingbird
import Logging
import NIOCore

/// Answers every request on Cairn's paths: X-Start-Byte, plain files, the native reading part, health, the page.
///
/// It asks nobody who they are. An application of one's own mounts it with `UploadMiddleware`, behind its own
/// authorization, on connections of `HTTPServerBuilder.uploads`.
public struct UploadResponder<Context: RequestContext>: HTTPResponder {
    private let engine: Engine
    private let health: Health
    private let downloads: Slots
    private let trustedProxies: Set<String>
    private let page: Bool
    private let metrics: MetricsRegistry?
    private let counts: RequestMetrics

    /// - Parameters:
    ///   - downloads: The most at once. Each holds up to two chunks in memory, so more are answered 503.
    ///   - trustedProxies: The IP addresses whose `Forwarded` fields say where clients reach this server.
    ///   - page: Whether the page is served, at `/` and beside it (spec/page.md).
    ///   - metrics: What is served at `/metrics`, to callers on this machine.
    public init(
        engine: Engine, downloads: Int = 256, trustedProxies: Set<String> = [], page: Bool = true,
        metrics: MetricsRegistry? = nil
    ) {
        self.init(
            engine: engine, downloads: downloads, trustedProxies: trustedProxies, page: page, metrics: metrics,
            health: Health())
    }

    init(
        engine: Engine, downloads: Int, trustedProxies: Set<String>, page: Bool, metrics: MetricsRegistry?,
        health: Health
    ) {
        self.engine = engine
        self.page = page
        self.metrics = metrics
        counts = RequestMetrics(metrics)
        self.trustedProxies = trustedProxies
        self.downloads = Slots(downloads)
        self.health = health
    }

    public func respond(to request: Request, context: Context) async throws -> Response {
        let remote = (context as? any RemoteAddressRequestContext)?.remoteAddress
        if let metrics, let answer = MetricsDoor.answer(to: request, from: remote, metrics) { return answer }
        var logger = context.logger
        let id = context.id
        logger[metadataKey: "hb.request.id"] = nil  // the access log says it in its own place
        let exchange = Exchange(
            routes: UploadRoutes(engine: engine, health: health, logger: logger), downloads: downloads,
            counts: counts, request: request, id: id, remote: AccessLog.text(remote),
            isForwarded: remote?.peer.map { trustedProxies.contains($0) } ?? false, page: page)
        return await exchange.response()
    }
}
