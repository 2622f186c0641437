import CairnContent
import CairnEngine
import CairnServer
import CairnTrust
import Logging
import NIOConcurrencyHelpers
import RawHTTP
import ServiceLifecycle
import Testing

/// A server on a free port that asks who comes, over memory: one store for each namespace, one ledger.
struct GuardedServer: Sendable {
    let port: Int
    let gate: Gate
    let ledger: MemoryLedger
    let log: LogBook
    /// What the gate takes for the time, in seconds since 1970.
    let clock: NIOLockedValueBox<Int64>
    private let table = NIOLockedValueBox(TokenTable())

    /// A namespace whose engine cannot be made.
    static let broken = Namespace("broken")!
    static let noon: Int64 = 1_800_000_000

    struct Broken: Error {}

    /// Runs a server for as long as `work` does.
    ///
    /// - Parameters:
    ///   - tokens: What the file of tokens says, for a `TokenWatch`; no watch when nil.
    static func run(
        tokens: (@Sendable () async throws -> [UInt8]?)? = nil, hooks: UploadHooks = UploadHooks(),
        _ work: @Sendable (GuardedServer) async throws -> Void
    ) async throws {
        var limits = Limits()
        limits.checkpoint = .milliseconds(10)
        let (ledger, clock, log) = (MemoryLedger(), NIOLockedValueBox(Self.noon), LogBook())
        let make: @Sendable (Namespace) async throws -> Engine = { [limits] namespace in
            guard namespace != Self.broken else { throw Broken() }
            return Engine(
                store: MemoryStore(), ledger: ledger, namespace: namespace, limits: limits,
                chunkSize: ChunkSize(65_536)!, dedup: .prove)
        }
        let gate = Gate(
            to: try await make(.standard), now: { Timestamp(seconds: clock.withLockedValue { $0 }) }, makeEngine: make)
        var configuration = UploadServer.Configuration()
        configuration.port = 0
        configuration.hooks = hooks
        configuration.channel.headTimeout = .seconds(600)
        configuration.channel.idleTimeout = .seconds(600)
        let logger = Logger(label: "test") { _ in log }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let watch = tokens.map { [TokenWatch(gate, logger: logger, read: $0)] } ?? []
        let server = UploadServer(
            gate: gate, configuration: configuration, companions: watch, logger: logger
        ) { port.yield($0) }
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var listening = ports.makeAsyncIterator()
            guard let port = await listening.next() else { throw CancellationError() }
            try await work(GuardedServer(port: port, gate: gate, ledger: ledger, log: log, clock: clock))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    // MARK: Tokens

    /// A token that counts from now on, as its holder sends it.
    func make(
        _ name: String, of principal: String? = nil, in namespace: Namespace = .standard, rights: Rights = .common,
        _ allowance: Allowance = Allowance(), expires: Int64? = nil
    ) async throws -> TokenText {
        let (text, token) = try Self.token(
            name, of: principal, in: namespace, rights: rights, allowance, expires: expires)
        try #require(table.withLockedValue { $0.add(token) })
        try await gate.update(table.withLockedValue { $0 })
        return text
    }

    static func token(
        _ name: String, of principal: String? = nil, in namespace: Namespace = .standard, rights: Rights = .common,
        _ allowance: Allowance = Allowance(), expires: Int64? = nil
    ) throws -> (TokenText, Token) {
        let text = TokenText()
        let token = Token(
            id: text.id, name: name, principal: principal ?? name, namespace: namespace, rights: rights,
            allowance: allowance, created: Timestamp(seconds: Self.noon),
            expires: expires.map(Timestamp.init(seconds:)), digest: text.digest, linkKey: LinkKey(of: text))
        return (text, try #require(token))
    }

    func revoke(_ name: String) async throws {
        table.withLockedValue { _ = $0.remove(name) }
        try await gate.update(table.withLockedValue { $0 })
    }

    /// A link for one file, signed by the token's holder.
    func link(_ token: TokenText, length: Int64, types: [String] = [], nonce: String = "n") throws -> String {
        let link = UploadLink(
            token: token.id, nonce: nonce, length: length, types: types,
            expires: Timestamp(seconds: Self.noon + 3600))
        return try #require(link).signed(with: LinkKey(of: token))
    }

    // MARK: Asking

    /// One request on a connection of its own.
    func ask(
        _ line: String, as credential: (some CustomStringConvertible)?, _ fields: [String: String] = [:],
        body: [UInt8]? = nil
    ) async throws -> RawResponse {
        let head = request(line, Self.with(credential, fields), length: body?.count)
        return try await RawConnection.ask(port, head, body: body ?? [])
    }

    /// The same with a length that the body, which is not sent, would have.
    func ask(
        _ line: String, as credential: some CustomStringConvertible, _ fields: [String: String] = [:],
        promising length: Int
    ) async throws -> RawResponse {
        let head = request(line, Self.with(credential, fields), length: length)
        return try await RawConnection.ask(port, head)
    }

    static func with(_ credential: (some CustomStringConvertible)?, _ fields: [String: String]) -> [String: String] {
        fields.merging(credential.map { ["Authorization": "Bearer \($0)"] } ?? [:]) { $1 }
    }

    /// Puts a file, and returns its id.
    func put(_ content: [UInt8], as token: TokenText) async throws -> String {
        let answer = try await ask("PUT /files/a.bin", as: token, body: content)
        try #require(answer.status == 201, "\(answer.text)")
        return try #require(answer["location"]?.split(separator: "/").last.map(String.init))
    }

    /// Whether `condition` holds, now or within ten seconds.
    func soon(_ condition: @Sendable () async throws -> Bool) async throws -> Bool {
        for _ in 0..<2000 {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }
}

extension Rights {
    /// What a token has unless it is told otherwise.
    static let common: Rights = [.put, .get, .list, .delete]
}
