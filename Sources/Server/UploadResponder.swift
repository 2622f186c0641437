import CairnDialects
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

    /// - Parameters:
    ///   - downloads: The most at once. Each holds up to two chunks in memory, so more are answered 503.
    ///   - trustedProxies: The IP addresses whose `Forwarded` fields say where clients reach this server.
    ///   - page: Whether the page is served, at `/` and beside it (spec/page.md).
    public init(engine: Engine, downloads: Int = 256, trustedProxies: Set<String> = [], page: Bool = true) {
        self.init(
            gate: Gate(to: engine), downloads: downloads, trustedProxies: trustedProxies, page: page,
            health: Health())
    }

    init(gate: Gate, downloads: Int, trustedProxies: Set<String>, page: Bool, health: Health) {
        self.gate = gate
        self.page = page
        self.trustedProxies = trustedProxies
        self.downloads = Slots(downloads)
        self.health = health
    }

    public func respond(to request: Request, context: Context) async throws -> Response {
        let remote = (context as? any RemoteAddressRequestContext)?.remoteAddress
        var logger = context.logger
        let id = context.id
        logger[metadataKey: "hb.request.id"] = nil  // the gate log says it in its own place
        let credential = Credential(request.head)
        let caller = gate.caller(credential?.text)
        let exchange = Exchange(
            routes: UploadRoutes(caller: caller ?? .anyone(gate.front), health: health, logger: logger),
            presence: caller.map(gate.enter), credential: credential, downloads: downloads, request: request, id: id,
            remote: AccessLog.text(remote),
            isForwarded: remote?.ipAddress.map { trustedProxies.contains($0) } ?? false, page: page)
        return await exchange.response()
    }
}
