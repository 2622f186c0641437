import CairnEngine
import Logging
import ServiceLifecycle

/// Ends uploads whose time is over, at the start and every few minutes.
struct ExpiryLoop: Service {
    let engine: Engine
    let health: Health
    let interval: Duration
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat { await expire() } while (try? await Task.sleep(for: interval)) != nil  // throws when cancelled only
        }
    }

    private func expire() async {
        do throws(UploadError) {
            let count = try await engine.expire()
            if count > 0 { logger.info("uploads expired", metadata: ["count": "\(count)"]) }
        } catch {
            health.note(error)
            logger.error("cannot expire uploads", metadata: ["cause": "\(error)"])
        }
    }
}
