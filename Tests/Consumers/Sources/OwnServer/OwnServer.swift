import CairnDisk
import CairnEngine
import CairnServer
import CairnTrust
import Hummingbird
import Logging
import ServiceLifecycle

/// An application of one's own, with uploads beside its own routes and its own say in who may do what:
///
///     OwnServer DATA
@main struct OwnServer {
    /// A user of this application, and what it wants uploads to let them do.
    struct User {
        let id: String
        let rights: Rights
    }

    static func main() async throws {
        guard CommandLine.arguments.count == 2 else { return print("usage: OwnServer DATA") }
        try await serve(CommandLine.arguments[1], Logger(label: "own-server"))
    }

    /// Whoever this application has let in. A real one asks its sessions, its database, or who signed the token.
    static func user(of request: Request) async throws -> User? {
        switch request.headers[.authorization] {
        case "Bearer sesame-of-ada": User(id: "ada", rights: [.put, .get, .list, .delete])
        case "Bearer sesame-of-bob": User(id: "bob", rights: [.get, .list])
        default: nil
        }
    }

    static func serve(_ folder: String, _ logger: Logger) async throws {
        let data = try await DataDirectory.open(folder, logger: logger)
        let ledger = try await data.openLedger(logger: logger)
        let engine = try await data.engine(over: ledger)

        let router = Router()
        router.get("hello") { _, _ in "the application's own\n" }
        router.add(
            middleware: UploadMiddleware(engine: engine) { request, _ in
                guard let user = try await user(of: request) else { return nil }
                return Grant(user.id, rights: user.rights)
            })

        let application = Application(
            router: router, server: .uploads(),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            logger: logger)
        let services = ServiceGroup(
            services: [application, UploadService(engine: engine, logger: logger)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await services.run()

        await ledger.close()
        await data.close()
    }
}
