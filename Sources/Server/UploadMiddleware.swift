public import CairnEngine
public import Hummingbird

/// Mounts Cairn's paths in an application of one's own; every other request goes on.
///
///     let router = Router()
///     router.add(middleware: UploadMiddleware(engine: engine))
///     let app = Application(router: router, server: .uploads())
public struct UploadMiddleware<Context: RequestContext>: RouterMiddleware {
    private let responder: UploadResponder<Context>

    /// - Parameters:
    ///   - downloads: The most at once.
    ///   - trustedProxies: The IP addresses whose `Forwarded` fields say where clients reach this server.
    public init(engine: Engine, downloads: Int = 256, trustedProxies: Set<String> = []) {
        responder = UploadResponder(engine: engine, downloads: downloads, trustedProxies: trustedProxies)
    }

    public func handle(
        _ request: Request, context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let paths: Set = ["status", "upload", "files", "v1", "health"]
        let first = request.uri.path.split(separator: "/").first.map(String.init) ?? ""
        guard paths.contains(first) else { return try await next(request, context) }
        return try await responder.respond(to: request, context: context)
    }
}
