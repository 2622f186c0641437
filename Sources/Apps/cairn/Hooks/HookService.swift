import AsyncHTTPClient
import CairnEngine
import CairnServer
import Logging
import Metrics
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Asks and tells an operator's hooks.
///
/// At most `asking` questions are open at a time, and `waiting` events wait to be told; what comes beyond is refused,
/// or lost with a line in the log.
struct HookService: Service {
    struct Settings {
        var before: HookTarget?
        var after: HookTarget?
        var limit: Duration
        var secret: [UInt8]?
    }

    private static let asking = 64
    private static let waiting = 1000
    private static let tellers = 4
    /// How long a stop waits for what waits to be told.
    private static let farewell: Duration = .seconds(10)
    /// Pauses before the next try of a post.
    private static let pauses: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8)]

    private let settings: Settings
    private let http: HTTPClient
    private let logger: Logger
    /// Until when what waits is told although the server stops.
    private let end = NIOLockedValueBox<ContinuousClock.Instant?>(nil)
    /// How many questions are open.
    private let open = NIOLockedValueBox(0)
    private let events: AsyncStream<HookEvent>
    private let queue: AsyncStream<HookEvent>.Continuation

    init(_ settings: Settings, _ http: HTTPClient, _ logger: Logger) {
        self.settings = settings
        self.http = http
        self.logger = logger
        (events, queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.waiting))
    }

    /// What the server calls.
    var hooks: UploadHooks {
        var hooks = UploadHooks()
        if let target = settings.before { hooks.before = asked(target) }
        if settings.after != nil { hooks.after = told }
        return hooks
    }

    private func asked(_ target: HookTarget) -> @Sendable (HookEvent) async -> UploadHooks.Verdict {
        { event in
            let count = open.withLockedValue {
                $0 += 1
                return $0
            }
            defer { open.withLockedValue { $0 -= 1 } }
            guard count <= Self.asking else {
                complain("hook not asked", target, event, "\(Self.asking) questions are open")
                return .failed
            }
            return await run(target, event)
        }
    }

    @Sendable private func told(_ event: HookEvent) {
        if case .dropped = queue.yield(event) {
            lose(event, "too many events wait")
        }
    }

    private func lose(_ event: HookEvent, _ reason: String) {
        Counter(label: "cairn_hooks_total", dimensions: [("end", "lost")]).increment()
        logger.error("hook not told: \(reason)", metadata: ["request": "\(event.request)"])
    }

    /// Returns when the group stops and what waits was told, or tried once, or its time is over.
    func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for _ in 0..<Self.tellers {
                    group.addTask { for await event in events { await tell(event) } }
                }
            }
        } onGracefulShutdown: {
            end.withLockedValue { $0 = .now + Self.farewell }
            queue.finish()
        }
    }

    private func tell(_ event: HookEvent) async {
        guard let target = settings.after else { return }
        guard end.withLockedValue({ $0.map { .now < $0 } ?? true }) else { return lose(event, "the server stops") }
        var verdict = await run(target, event)
        if case .url = target {
            for pause in Self.pauses where verdict == .failed && !Task.isShuttingDownGracefully {
                // Cut short by a stop: then there is no further try.
                await cancelWhenGracefulShutdown { try? await Task.sleep(for: pause) }
                if !Task.isShuttingDownGracefully { verdict = await run(target, event) }
            }
        }
        Counter(label: "cairn_hooks_total", dimensions: [("end", verdict == .allowed ? "told" : "failed")]).increment()
        if case .refused(let reason) = verdict { complain("hook not told", target, event, "it refuses: \(reason)") }
    }

    private func run(_ target: HookTarget, _ event: HookEvent) async -> UploadHooks.Verdict {
        do {
            switch target {
            case .command(let path): return try await CommandHook(path: path, limit: settings.limit).run(event)
            case .url(let url):
                return try await PostHook(url: url, limit: settings.limit, secret: settings.secret, http: http)
                    .run(event)
            }
        } catch {
            complain("hook gave no answer", target, event, "\(error)")
            return .failed
        }
    }

    private func complain(_ text: String, _ target: HookTarget, _ event: HookEvent, _ cause: String) {
        logger.error(
            "\(text)",
            metadata: [
                "hook": "\(target)", "event": "\(event.kind)", "request": "\(event.request)", "cause": "\(cause)",
            ])
    }
}

extension HTTPClient {
    /// For hooks: it follows nobody elsewhere, and its pauses are ours.
    static func hooks() -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }
}
