import CairnEngine
import Logging

/// Reads again, gently and for ever, what has not been read for long.
struct Scrubber: Sendable {
    /// Those that there are now.
    let engines: @Sendable () -> [Engine]
    /// Within which every chunk is read; nil when none is.
    let period: Duration?
    let health: Health
    let logger: Logger

    /// Chunks between two rests.
    private static let step = 4
    /// A rest is so many times what the step before took: uploads lose a tenth of one core and of the disk at most.
    private static let rest = 9.0
    private static let longestRest = Duration.seconds(60)
    /// Between two looks while nothing waits to be read.
    private static let pause = Duration.seconds(300)

    /// Returns when the task is cancelled.
    func run() async {
        guard let period else { return }
        // What was written in one hour comes due in one hour, and half of the time is left to read it in.
        let age = period / 2
        var pause = Duration.zero
        // A sleep throws only when it is cancelled.
        while (try? await Task.sleep(for: pause)) != nil {
            let start = ContinuousClock.now
            let found = await step(olderThan: age)
            let time = ContinuousClock.now - start
            pause = found.isEmpty ? min(Self.pause, age) : min(time * Self.rest, Self.longestRest)
        }
    }

    private func step(olderThan age: Duration) async -> Verified {
        do throws(StoreError) {
            var found = Verified()
            for engine in engines() { found += try await engine.scrub(olderThan: age, limit: Self.step) }
            if !found.damaged.isEmpty {
                logger.error("the scrub found damage", metadata: ["chunks": "\(found.damaged.count)"])
            }
            return found
        } catch {
            health.note(.store(error))
            logger.error("cannot scrub", metadata: ["cause": "\(error)"])
            return Verified()
        }
    }
}

extension Verified {
    /// Whether there was nothing to read.
    fileprivate var isEmpty: Bool { self == Verified() }
}
