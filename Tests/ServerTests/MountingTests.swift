import CairnContent
import CairnEngine
import CairnServer
import Hummingbird
import Logging
import RawHTTP
import ServiceLifecycle
import Testing

@Suite struct `An application of one's own` {
    @Test func `mounts uploads beside its own routes`() async throws {
        let engine = Engine(store: MemoryStore(), ledger: MemoryLedger())
        let router = Router()
        router.add(middleware: UploadMiddleware(engine: engine))
        router.get("hello") { _, _ in "world" }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, server: .uploads(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "test") { _ in LogBook() })
        let group = ServiceGroup(services: [application], logger: Logger(label: "test") { _ in LogBook() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports.prefix(1) {
                #expect(try await RawConnection.ask(port, request("GET /hello")).text == "world")
                let made = try await RawConnection.ask(port, request("PUT /files/a", length: 3), body: [1, 2, 3])
                #expect(made.status == 201)
                #expect(try await RawConnection.ask(port, request("GET /nowhere")).status == 404)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
