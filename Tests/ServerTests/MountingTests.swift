import CairnContent
import CairnDialects
import CairnEngine
import CairnServer
import CairnTrust
import Hummingbird
import Logging
import RawHTTP
import ServiceLifecycle
import Testing

@Suite struct `An application of one's own` {
    private let engine: Engine

    init() {
        var limits = Limits()
        limits.checkpoint = .milliseconds(10)
        engine = Engine(
            store: MemoryStore(), ledger: MemoryLedger(), limits: limits, chunkSize: ChunkSize(65_536)!)
    }

    /// Runs an application with uploads beside a route of its own, for as long as `work` does.
    private func run(
        page: Bool = false, uploads: UploadMiddleware<BasicRequestContext>? = nil,
        _ work: @Sendable (_ port: Int, ServiceGroup) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in LogBook() }
        let router = Router()
        router.add(middleware: uploads ?? UploadMiddleware(engine: engine, page: page))
        router.get("hello") { _, _ in "world" }
        router.get { _, _ in "home" }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, server: .uploads(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: logger)
        let group = ServiceGroup(
            services: [application, UploadService(engine: engine, logger: logger)], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports.prefix(1) { try await work(port, group) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func `mounts uploads beside its own routes`() async throws {
        try await run { port, _ async throws in
            #expect(try await RawConnection.ask(port, request("GET /hello")).text == "world")
            let made = try await RawConnection.ask(port, request("PUT /files/a", length: 3), body: [1, 2, 3])
            #expect(made.status == 201)
            #expect(try await RawConnection.ask(port, request("GET /nowhere")).status == 404)
        }
    }

    @Test func `keeps its own front page unless it wants the uploads' one`() async throws {
        try await run { port, _ async throws in
            #expect(try await RawConnection.ask(port, request("GET /")).text == "home")
            #expect(try await RawConnection.ask(port, request("GET /page.js")).status == 404)
        }
        try await run(page: true) { port, _ async throws in
            #expect(try await RawConnection.ask(port, request("GET /")).text.contains("<title>Cairn</title>"))
            #expect(try await RawConnection.ask(port, request("GET /page.js")).status == 200)
            #expect(try await RawConnection.ask(port, request("GET /hello")).text == "world")
        }
    }

    @Test func `stops in order: a running body is answered, and what came of it is kept`() async throws {
        let key = UploadKey("a", of: .everyone)
        try await run { port, group async throws in
            let upload = try await RawConnection.open(port)
            try await upload.send(request("POST /upload", ["X-File-Id": "a"], length: 200_000))
            try await upload.send(bytes(0..<100_000))
            while try await engine.upload(named: key, for: .everyone)?.offset ?? 0 < 65_536 {
                try await Task.sleep(for: .milliseconds(5))
            }
            await group.triggerGracefulShutdown()
            let answer = try await upload.readFinal()
            let prefix = try #require(Int64(answer.text))
            #expect(answer.status == 503 && prefix >= 65_536 && answer["retry-after"] != nil)
            #expect(answer["connection"] == "close")
            #expect(answer["upload-prefix"]?.contains(";offset=\(prefix)") == true)
            let kept = try await engine.upload(named: key, for: .everyone)
            #expect(kept?.offset == prefix && kept?.state == .open)
        }
    }

    /// Uploads for two users, one who only reads, an administrator, and one who asks too often.
    private var authorized: UploadMiddleware<BasicRequestContext> {
        UploadMiddleware(engine: engine) { request, _ in
            switch request.headers[.authorization] {
            case "Bearer of-ada": Grant("ada", rights: [.put, .get])
            case "Bearer of-bob": Grant("bob", rights: [.put, .get])
            case "Bearer of-cy": Grant("ada", rights: .get)
            case "Bearer of-dot": Grant("dot", rights: .all)
            case "Bearer of-eve": throw HTTPError(.tooManyRequests)
            default: nil
            }
        }
    }

    private func ask(_ port: Int, _ line: String, as user: String?, body: [UInt8]? = nil) async throws -> RawResponse {
        let fields = user.map { ["Authorization": "Bearer of-\($0)"] } ?? [:]
        return try await RawConnection.ask(port, request(line, fields, length: body?.count), body: body ?? [])
    }

    @Test func `says itself who may come: who is nobody brings nothing`() async throws {
        try await run(uploads: authorized) { port, _ async throws in
            for user in [nil, "mallory"] {
                #expect(try await ask(port, "PUT /files/a", as: user, body: [1, 2, 3]).status == 401)
                #expect(try await ask(port, "GET /v1/files", as: user).status == 401)
                #expect(try await ask(port, "GET /health", as: user).status == 200)
                #expect(try await ask(port, "GET /hello", as: user).text == "world")
            }
            #expect(try await ask(port, "PUT /files/a", as: "eve", body: [1, 2, 3]).status == 429)
            #expect(try await engine.everyFile(limit: 1).isEmpty)
        }
    }

    @Test func `says itself which pages of other origins may use its uploads`() async throws {
        let origins = Origins.listed(["https://a.example"])
        let forAll = UploadMiddleware<BasicRequestContext>(engine: engine, origins: origins)
        let forNobody = UploadMiddleware<BasicRequestContext>(engine: engine, origins: origins) { _, _ in nil }
        for (uploads, status) in [(forAll, 200), (forNobody, 401)] {
            try await run(uploads: uploads) { port, _ async throws in
                for (origin, allowed) in [("https://a.example", true), ("https://b.example", false)] {
                    let fields = ["Origin": origin, "Access-Control-Request-Method": "GET"]
                    let asked = try await RawConnection.ask(port, request("OPTIONS /v1/files", fields))
                    let answer = try await RawConnection.ask(port, request("GET /v1/files", ["Origin": origin]))
                    #expect(answer.status == status)
                    #expect((asked["access-control-allow-origin"] == origin) == allowed)
                    #expect((answer["access-control-allow-origin"] == origin) == allowed)
                }
            }
        }
    }

    @Test func `says itself what each may, and one user's files are not another's`() async throws {
        try await run(uploads: authorized) { port, _ async throws in
            let made = try await ask(port, "PUT /files/a", as: "ada", body: [1, 2, 3])
            let place = try #require(made["location"]?.split(separator: "/").last)
            #expect(made.status == 201)
            for (user, status) in [("ada", 200), ("cy", 200), ("dot", 200), ("bob", 404)] {
                #expect(try await ask(port, "GET /files/\(place)", as: user).status == status, "\(user)")
            }
            #expect(try await ask(port, "PUT /files/b", as: "cy", body: [1]).status == 403)
            #expect(try await ask(port, "DELETE /files/\(place)", as: "ada").status == 403)
            #expect(try await ask(port, "DELETE /files/\(place)?link=cairn-link.x.y", as: "dot").status == 204)
        }
    }

    @Test func `that tells users apart lets none learn what another has`() {
        #expect(engine.dedup == .trust)
        _ = authorized
        #expect(engine.dedup == .prove)
    }
}
