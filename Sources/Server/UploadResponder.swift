package import CairnDialects
package import CairnEngine
import HTTPTypes
package import Hummingbird
import Logging
import NIOCore

/// Answers every request on Cairn's paths: X-Start-Byte, plain files, the native reading part, health, the page.
///
/// Over an engine alone it asks nobody who they are; with a `Gate` it asks for tokens, and with `authorize` an
/// application of one's own, which mounts it with `UploadMiddleware` on connections of `HTTPServerBuilder.uploads`.
package struct UploadResponder<Context: RequestContext>: HTTPResponder {
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
    private let authorize: Authorization?

    /// What the application says that the sender of a request may; nil when it is nobody who is known.
    typealias Authorization = @Sendable (Request, Context) async throws -> Grant?

    /// - Parameters:
    ///   - downloads: The most at once. Each holds up to two chunks in memory, so more are answered 503.
    ///   - trustedProxies: The IP addresses whose `Forwarded` fields say where clients reach this server.
    ///   - page: Whether the page is served, at `/` and beside it (spec/page.md).
    ///   - metrics: What is served at `/metrics`, to callers on this machine.
    ///   - hooks: Who is asked and told of uploads.
    ///   - origins: The pages that may use the server from another origin.
    ///   - accessLog: How a request is logged.
    package init(
        engine: Engine, downloads: Int = 256, trustedProxies: Set<String> = [], page: Bool = true,
        metrics: MetricsRegistry? = nil, hooks: UploadHooks = UploadHooks(), origins: Origins = .any,
        accessLog: AccessLogForm = .line
    ) {
        self.init(
            gate: Gate(to: engine), downloads: downloads, trustedProxies: trustedProxies, page: page, metrics: metrics,
            hooks: hooks, origins: origins, accessLog: accessLog, health: Health())
    }

    /// The same, where the application says who may do what.
    init(
        engine: Engine, downloads: Int, trustedProxies: Set<String>, page: Bool, hooks: UploadHooks,
        origins: Origins, authorize: @escaping Authorization
    ) {
        self.init(
            gate: Gate(to: engine), downloads: downloads, trustedProxies: trustedProxies, page: page, metrics: nil,
            hooks: hooks, origins: origins, accessLog: .line, health: Health(), authorize: authorize)
    }

    init(
        gate: Gate, downloads: Int, trustedProxies: Set<String>, page: Bool, metrics: MetricsRegistry?,
        hooks: UploadHooks, origins: Origins, accessLog: AccessLogForm, health: Health,
        authorize: Authorization? = nil
    ) {
        self.authorize = authorize
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

    package func respond(to request: Request, context: Context) async throws -> Response {
        let remote = (context as? any RemoteAddressRequestContext)?.remoteAddress
        if let metrics, let answer = MetricsDoor.answer(to: request, from: remote, metrics) { return answer }
        var logger = context.logger
        let id = context.id
        logger[metadataKey: "hb.request.id"] = nil  // the access log says it in its own place
        // Where the application asks, what else stands in an address is its own.
        let credential = authorize == nil ? Credential(request.head) : nil
        let caller = try await caller(of: request, context, credential)
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

    private func caller(of request: Request, _ context: Context, _ credential: Credential?) async throws -> Caller? {
        guard let authorize else { return gate.caller(credential?.text) }
        guard let grant = try await authorize(request, context) else { return nil }
        return Caller(engine: gate.front, principal: grant.principal, rights: grant.rights)
    }
}
