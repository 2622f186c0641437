public import CairnEngine
public import Logging
public import ServiceLifecycle

/// What an engine needs besides its routes: a clean start, uploads ended when their time is over, what is kept verified
/// again and again, an orderly stop.
///
/// `UploadServer` runs one. With an application of one's own it goes into the same group of services, behind the
/// application: groups stop from the end, and connections end only when their bodies do.
///
///     ServiceGroup(services: [app, UploadService(engine: engine)], logger: logger)
public struct UploadService: Service {
    private let gate: Gate
    private let health: Health
    private let interval: Duration
    private let upkeep: Upkeep
    private let counts: RequestMetrics
    private let logger: Logger

    /// What a server does for what it keeps (spec/checking.md).
    public struct Upkeep: Sendable {
        /// Within which time every chunk is read and verified again; nil when never.
        public var scrub: Duration? = .seconds(30 * 24 * 3600)

        /// Everything is verified again within 30 days.
        public init() {}
    }

    /// - Parameter interval: How often uploads are looked for whose time is over.
    public init(
        engine: Engine, interval: Duration = .seconds(300), upkeep: Upkeep = Upkeep(),
        logger: Logger = Logger(label: "cairn.uploads")
    ) {
        self.init(
            gate: Gate(to: engine), health: Health(), interval: interval, upkeep: upkeep, counts: RequestMetrics(),
            logger: logger)
    }

    init(
        gate: Gate, health: Health, interval: Duration, upkeep: Upkeep, counts: RequestMetrics, logger: Logger
    ) {
        self.gate = gate
        self.health = health
        self.interval = interval
        self.upkeep = upkeep
        self.counts = counts
        self.logger = logger
    }

    /// Returns when the group stops. The engine is told at once, so that running bodies end and what they brought is
    /// kept.
    public func run() async throws {
        let gate = gate
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                await sweep()
                async let scrubbing: Void = Scrubber(
                    engines: { gate.engines }, period: upkeep.scrub, health: health, logger: logger
                ).run()
                // A sleep throws only when it is cancelled.
                repeat {
                    for engine in gate.engines {
                        await expire(engine)
                        await reclaim(engine)
                    }
                } while (try? await Task.sleep(for: interval)) != nil
                await scrubbing
            }
        } onGracefulShutdown: {
            gate.stop()
        }
    }

    /// The tails of all namespaces lie together.
    private func sweep() async {
        do throws(UploadError) {
            let count = try await gate.front.sweep()
            if count > 0 { logger.info("tails of an earlier run removed", metadata: ["count": "\(count)"]) }
        } catch {
            logger.error("cannot sweep tails", metadata: ["cause": "\(error)"])
        }
    }

    /// Gives back what nobody refers to any more, beside whatever else goes on.
    private func reclaim(_ engine: Engine) async {
        let done = await engine.reclaim(.gentle)
        counts.count(done)
        // What has ended is shed for all namespaces by whoever comes first.
        if done.ends > 0 { for other in gate.engines { other.referencesWent() } }
        if done.chunks + done.strays + done.ends + done.freed + done.forgotten > 0 {
            logger.info("reclaimed", metadata: Logger.Metadata(done))
        }
        if let failure = done.failure {
            health.note(.store(failure))
            logger.error("cannot reclaim", metadata: ["cause": "\(failure)"])
        }
    }

    private func expire(_ engine: Engine) async {
        do throws(UploadError) {
            let count = try await engine.expire()
            counts.expired(count)
            if count > 0 { logger.info("uploads expired", metadata: ["count": "\(count)"]) }
        } catch {
            health.note(error)
            logger.error("cannot expire uploads", metadata: ["cause": "\(error)"])
        }
    }
}

extension Logger.Metadata {
    /// What a run of the collector has done, in numbers.
    fileprivate init(_ done: Reclaimed) {
        self = [
            "chunks": "\(done.chunks)", "bytes": "\(done.length)", "strays": "\(done.strays)", "ends": "\(done.ends)",
            "freed": "\(done.freed)", "forgotten": "\(done.forgotten)",
        ]
    }
}
