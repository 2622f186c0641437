import CairnEngine
import CairnTrust
public import Logging
public import ServiceLifecycle

/// Looks for changed tokens, so that one that was taken back counts no more a second later.
public struct TokenWatch: Service {
    /// How often it looks.
    static let interval: Duration = .milliseconds(500)

    private let gate: Gate
    private let read: @Sendable () async throws -> [UInt8]?
    private let logger: Logger

    /// - Parameter read: What the file of tokens says now; nil when there is none.
    public init(
        _ gate: Gate, logger: Logger = Logger(label: "cairn.tokens"),
        read: @escaping @Sendable () async throws -> [UInt8]?
    ) {
        self.gate = gate
        self.logger = logger
        self.read = read
    }

    /// Returns when the group stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var seen = Seen.nothing
            repeat {
                seen = await look(after: seen)
                // A sleep throws only when it is cancelled.
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
    }

    /// How the file was when it was last looked at.
    private enum Seen: Equatable {
        case nothing
        case bytes([UInt8]?)
        case unreadable
    }

    /// Reads the file, and when it is another than before tells who may come. A file that cannot be used changes
    /// nothing: whoever counted does so still, and that is logged as an error, once.
    private func look(after last: Seen) async -> Seen {
        let seen: Seen
        do { seen = .bytes(try await read()) } catch {
            gate.cutThoseThatCountNoMore()
            if last != .unreadable { complain(error) }
            return .unreadable
        }
        guard seen != last, case .bytes(let bytes) = seen, bytes != nil || last != .nothing else {
            gate.cutThoseThatCountNoMore()
            return seen
        }
        do {
            let table = try bytes.map { try TokenTable(json: $0) }
            try await gate.update(table)
            logger.notice("tokens read", metadata: ["count": "\(table?.all.count ?? 0)"])
        } catch { complain(error) }
        return seen
    }

    private func complain(_ error: any Error) {
        logger.error("tokens not read: those of before count on", metadata: ["cause": "\(error)"])
    }
}
