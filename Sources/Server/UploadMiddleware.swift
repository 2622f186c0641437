public import CairnEngine
public import Hummingbird

/// Mounts Cairn's paths in an application of one's own; every other request goes on.
///
///     let router = Router()
///     router.add(middleware: UploadMiddleware(engine: engine))
///     let app = Application(router: router, server: .uploads())
public struct UploadMiddleware<Context: RequestContext>: RouterMiddleware {
    private let responder: UploadResponder<Context>
    private let paths: Set<String>

    /// - Parameters:
    ///   - downloads: The most at once.
    ///   - trustedProxies: The IP addresses whose `Forwarded` fields say where clients reach this server.
    ///   - page: Whether the page is served, at `/` and beside it (spec/page.md), instead of the application's own.
    public init(engine: Engine, downloads: Int = 256, trustedProxies: Set<String> = [], page: Bool = false) {
        responder = UploadResponder(engine: engine, downloads: downloads, trustedProxies: trustedProxies, page: page)
        paths = Set(["status", "upload", "files", "v1", "health"]).union(page ? WebPage.names : [])
    }

    public func handle(
        _ request: Request, context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let first = request.uri.path.split(separator: "/").first.map(String.init) ?? ""
        guard paths.contains(first) else { return try await next(request, context) }
        return try await responder.respond(to: request, context: context)
    }
}
