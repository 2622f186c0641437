import CairnContent
import CairnEngine
import CairnServer
import Logging
import RawHTTP
import ServiceLifecycle
import Synchronization

/// A server on a free port, over memory.
struct TestServer: Sendable {
    let port: Int
    let engine: Engine
    let store: MemoryStore
    /// What the engine writes to: `store`, unless it is told to fail.
    let failing: FailingStore
    let ledger: MemoryLedger
    let log: LogBook
    private let group: ServiceGroup

    /// Runs a server for as long as `work` does.
    ///
    /// - Parameters:
    ///   - checkpoint: Short, because tests wait for what a checkpoint acknowledges.
    ///   - stall: How long a body may bring too little; as long as anywhere when nil.
    @discardableResult
    static func run<Value: Sendable>(
        configure: (inout UploadServer.Configuration) -> Void = { _ in },
        checkpoint: Duration = .milliseconds(10), stall: Duration? = nil,
        _ work: @Sendable (TestServer) async throws -> Value
    ) async throws -> Value {
        var limits = Limits()
        limits.checkpoint = checkpoint
        if let stall { limits.stall = stall }
        let store = MemoryStore()
        let failing = FailingStore(store)
        let ledger = MemoryLedger()
        let engine = Engine(store: failing, ledger: ledger, limits: limits, chunkSize: ChunkSize(65_536)!)
        var configuration = UploadServer.Configuration()
        configuration.port = 0
        // On a machine that is busy with other tests a head may take its time.
        configuration.channel.headTimeout = .seconds(600)
        configuration.channel.idleTimeout = .seconds(600)
        configure(&configuration)
        let log = LogBook()
        let logger = Logger(label: "test") { _ in log }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = UploadServer(engine: engine, configuration: configuration, logger: logger) { port.yield($0) }
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var listening = ports.makeAsyncIterator()
            guard let port = await listening.next() else { throw CancellationError() }
            let value = try await work(
                TestServer(
                    port: port, engine: engine, store: store, failing: failing, ledger: ledger, log: log, group: group))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        }
    }

    func stop() async { await group.triggerGracefulShutdown() }

    func open() async throws -> RawConnection { try await RawConnection.open(port) }

    /// One request on a connection of its own.
    func ask(_ line: String, _ fields: [String: String] = [:], body: [UInt8]? = nil) async throws -> RawResponse {
        try await RawConnection.ask(port, request(line, fields, length: body?.count), body: body ?? [])
    }

    /// How far the named upload is, as `/status` says.
    func status(_ id: String) async throws -> String { try await ask("GET /status", ["X-File-Id": id]).text }

    /// What there is: to see that a refusal changed nothing.
    func census() async throws -> [String] {
        var census: [String] = ["\(store.chunkCount) chunks", "\(store.tailCount) tails"]
        for state in [Upload.State.open, .complete, .cancelled, .expired] {
            census += try await engine.uploads(state, for: .everyone, after: nil, limit: 10_000)
                .map { "\($0.id) \(state) \($0.offset)" }.sorted()
        }
        return census
    }
}

/// A request's head: `GET /path`, fields, and the length of the body that is to follow.
func request(_ line: String, _ fields: [String: String] = [:], length: Int? = nil) -> String {
    var text = "\(line) HTTP/1.1\nHost: localhost\n"
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\n" }
    if let length { text += "Content-Length: \(length)\n" }
    return text + "\n"
}

/// The text as it is sent: its lines ended by CR LF.
func wire(_ text: String) -> [UInt8] { Array(text.replacing("\n", with: "\r\n").utf8) }

/// The same with one byte a letter (ISO 8859-1), as browsers send the letters of a name.
func latin1(_ text: String) -> [UInt8] {
    text.replacing("\n", with: "\r\n").unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
}

/// Byte i is (7i + 3) mod 251.
func bytes(_ range: Range<Int>) -> [UInt8] { range.map { UInt8((7 * $0 + 3) % 251) } }

/// Keeps log lines for tests to read.
final class LogBook: LogHandler {
    private let state = Mutex<[String]>([])

    var lines: [String] { state.withLock { $0 } }

    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { key == "hb.request.id" ? .string(String(repeating: "5d", count: 16)) : nil }
        set {}
    }

    func log(event: LogEvent) {
        state.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}
