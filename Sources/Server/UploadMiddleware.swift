public import CairnDialects
public import CairnEngine
public import Hummingbird

/// Mounts Cairn's paths in an application of one's own; every other request goes on.
///
///     let router = Router()
///     router.add(middleware: UploadMiddleware(engine: engine) { request, context in
///         try await user(request).map { Grant($0.id, rights: [.put, .get]) }
///     })
///     let app = Application(router: router, server: .uploads())
///
/// Together with an `UploadService` over the same engine, which looks after what is kept.
public struct UploadMiddleware<Context: RequestContext>: RouterMiddleware {
    private let responder: UploadResponder<Context>
    private let paths: Set<String>

    /// Where nobody is asked who they are: whoever reaches these paths may do everything.
    ///
    /// - Parameters:
    ///   - downloads: The most at once, at least 1; each holds up to two chunks in memory, and more are answered 503.
    ///   - trustedProxies: The IP addresses whose `Forwarded` fields say where clients reach this server.
    ///   - page: Whether the page is served, at `/` and beside it (spec/page.md), instead of the application's own.
    ///   - hooks: Who is asked and told of uploads.
    ///   - origins: The pages of other origins whose scripts may use these paths.
    public init(
        engine: Engine, downloads: Int = 256, trustedProxies: Set<String> = [], page: Bool = false,
        hooks: UploadHooks = UploadHooks(), origins: Origins = .any
    ) {
        self.init(
            UploadResponder(
                engine: engine, downloads: downloads, trustedProxies: trustedProxies, page: page, hooks: hooks,
                origins: origins),
            page: page)
    }

    /// Where the application says who may do what.
    ///
    /// Users do not learn of each other what they have: an engine of dedup `trust` demands proofs from now on.
    ///
    /// - Parameters:
    ///   - downloads: The most at once, at least 1; each holds up to two chunks in memory, and more are answered 503.
    ///   - trustedProxies: The IP addresses whose `Forwarded` fields say where clients reach this server.
    ///   - page: Whether the page is served, at `/` and beside it (spec/page.md), instead of the application's own.
    ///   - hooks: Who is asked and told of uploads.
    ///   - origins: The pages of other origins whose scripts may use these paths.
    ///   - authorize: What the sender of a request may, asked before anything else is done with it; nil is answered
    ///     401. It sees each request of these paths, also those that are answered to whoever asks: `/health`, and a
    ///     browser's question what it may ask (`OPTIONS`). What it throws is the application's answer.
    public init(
        engine: Engine, downloads: Int = 256, trustedProxies: Set<String> = [], page: Bool = false,
        hooks: UploadHooks = UploadHooks(), origins: Origins = .any,
        authorize: @escaping @Sendable (Request, Context) async throws -> Grant?
    ) {
        engine.demandProofs()
        self.init(
            UploadResponder(
                engine: engine, downloads: downloads, trustedProxies: trustedProxies, page: page, hooks: hooks,
                origins: origins, authorize: authorize),
            page: page)
    }

    private init(_ responder: UploadResponder<Context>, page: Bool) {
        self.responder = responder
        paths = Set(["status", "upload", "files", "v1", "health"]).union(page ? WebPage.names : [])
    }

    /// Answers a request on Cairn's paths; hands any other to `next`.
    public func handle(
        _ request: Request, context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let first = request.uri.path.split(separator: "/").first.map(String.init) ?? ""
        guard paths.contains(first) else { return try await next(request, context) }
        return try await responder.respond(to: request, context: context)
    }
}
