import CairnEngine
import Foundation
import Randomness
import Testing

/// Random stories of clients, collector, scrub, rot, clocks and restarts, against a model that knows what clients were
/// told (CAIRN_SEQUENCE_OPERATIONS tells more).
@Suite struct `Any sequence of operations` {
    private static let length = 400

    @Test(.timeLimit(.minutes(60))) func `keeps what was promised, or says what was lost`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let wanted = environment["CAIRN_SEQUENCE_OPERATIONS"].flatMap { Int($0) } ?? 1_000_000
        let seed = environment["CAIRN_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        let count = max(wanted / Self.length, 1)
        try await withThrowingTaskGroup { group in
            for lane in 0..<2 {
                group.addTask {
                    for number in stride(from: lane, to: count, by: 2) {
                        try await Self.tell(SeededGenerator(seed: seed &+ UInt64(number)), "seed \(seed), \(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
        print("sequences: \(count * Self.length) operations in \(count) stories, none broke a rule; seed \(seed)")
    }

    /// Plays one story; one that breaks a rule is made as short as it can be.
    private static func tell(_ source: SeededGenerator, _ name: String) async throws {
        var source = source
        let operations = (0..<length).map { _ in Operation.random(&source) }
        guard let broken = await broken(operations) else { return }
        let (short, why) = await shrunk(operations, broken)
        Issue.record("\(name): \(why)\n\(short.map { "  \($0)" }.joined(separator: "\n"))")
        throw why
    }

    private static func broken(_ operations: [Operation]) async -> Broken? {
        do throws(Broken) {
            try await Story().play(operations)
            return nil
        } catch { return error }
    }

    /// Takes out pieces, halves first and single operations last, as long as the rest breaks a rule still.
    private static func shrunk(_ operations: [Operation], _ broken: Broken) async -> ([Operation], Broken) {
        var (short, why) = (operations, broken)
        var piece = operations.count / 2
        while piece > 0 {
            var start = 0
            while start < short.count {
                let rest = Array(short[..<start] + short[min(start + piece, short.count)...])
                if let other = await self.broken(rest) { (short, why) = (rest, other) } else { start += piece }
            }
            piece /= 2
        }
        return (short, why)
    }
}
