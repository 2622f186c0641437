public import CairnDialects
public import CairnEngine
import HTTPTypes
public import Hummingbird
import Logging
import NIOCore

/// Answers every request on Cairn's paths: X-Start-Byte, plain files, the native reading part, health, the page.
///
/// Over an engine alone it asks nobody who they are; with a `Gate` it asks for tokens. An application of one's own
/// mounts it with `UploadMiddleware`, behind its own authorization, on connections of `HTTPServerBuilder.uploads`.
public struct UploadResponder<Context: RequestContext>: HTTPResponder {
    private let gate: Gate
    private let health: Health
    private let downloads: Slots
    private let trustedProxies: Set<String>
    private let page: Bool
    private let metrics: MetricsRegistry?
    private let counts: RequestMetrics
    private let hooks: UploadHooks
    private let origins: Origins
    private let accessLog: AccessLogForm

    /// - Parameters:
    ///   - downloads: The most at once. Each holds up to two chunks in memory, so more are answered 503.
    ///   - trustedProxies: The IP addresses whose `Forwarded` fields say where clients reach this server.
    ///   - page: Whether the page is served, at `/` and beside it (spec/page.md).
    ///   - metrics: What is served at `/metrics`, to callers on this machine.
    ///   - hooks: Who is asked and told of uploads.
    ///   - origins: The pages that may use the server from another origin.
    ///   - accessLog: How a request is logged.
    public init(
        engine: Engine, downloads: Int = 256, trustedProxies: Set<String> = [], page: Bool = true,
        metrics: MetricsRegistry? = nil, hooks: UploadHooks = UploadHooks(), origins: Origins = .any,
        accessLog: AccessLogForm = .line
    ) {
        self.init(
            gate: Gate(to: engine), downloads: downloads, trustedProxies: trustedProxies, page: page, metrics: metrics,
            hooks: hooks, origins: origins, accessLog: accessLog, health: Health())
    }

    init(
        gate: Gate, downloads: Int, trustedProxies: Set<String>, page: Bool, metrics: MetricsRegistry?,
        hooks: UploadHooks, origins: Origins, accessLog: AccessLogForm, health: Health
    ) {
        self.gate = gate
        self.page = page
        self.metrics = metrics
        self.hooks = hooks
        self.origins = origins
        self.accessLog = accessLog
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
        let credential = Credential(request.head)
        let caller = gate.caller(credential?.text)
        let place = HookPlace(request: id, remote: AccessLog.text(remote), owner: caller?.hookOwner)
        var routes = UploadRoutes(caller: caller ?? .anyone(gate.front), health: health, logger: logger)
        (routes.hooks, routes.origins, routes.place) = (hooks, origins, place)
        routes.accessLog = accessLog
        let exchange = Exchange(
            routes: routes, presence: caller.map(gate.enter), credential: credential, downloads: downloads,
            counts: counts, request: request, id: id, remote: place.remote,
            isForwarded: remote?.peer.map { trustedProxies.contains($0) } ?? false, page: page)
        return await exchange.response()
    }
}
