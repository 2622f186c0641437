import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import Randomness
import Synchronization
import Testing

@Suite(.serialized) struct `Power lost at any moment` {
    /// How many of the states a cut may leave are looked at for each boundary; `CAIRN_CRASH_OUTCOMES` tells another.
    private static let outcomes = ProcessInfo.processInfo.environment["CAIRN_CRASH_OUTCOMES"].flatMap { Int($0) } ?? 20

    @Test func `loses no acknowledged byte, at every boundary of ten uploads`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let bench = try await CrashBench(seed: seed)
        let boundaries = try await bench.boundaryCount()
        let findings = try await bench.run(Array(1...boundaries), outcomes: Self.outcomes)
        let cuts = boundaries * Self.outcomes
        print("\(boundaries) boundaries, \(cuts) power cuts: \(findings.count) findings, seed \(seed)")
        #expect(findings.isEmpty, "seed \(seed): \(findings.prefix(3))")
    }

    @Test func `is noticed within 100 cuts when syncing a file's data does nothing`() async throws {
        try await expectCaught { $0.operation == .syncData }
        try await expectCaught(saying: "is the name of other bytes") { $0.operation == .syncData }
    }

    @Test func `is noticed within 100 cuts when syncing a directory does nothing`() async throws {
        try await expectCaught { $0.operation == .syncDirectory }
    }

    @Test(arguments: [Wiring.ledgerFirst, .acknowledgedEarly])
    func `is noticed within 100 cuts when the order is wrong`(wiring: Wiring) async throws {
        try await expectCaught(wiring) { _ in false }
    }

    @Test(arguments: [Wiring.condemnedUnchecked, .droppedFirst, .setAsideFirst])
    func `is noticed within 100 cuts when chunks are reclaimed in the wrong way`(wiring: Wiring) async throws {
        let words =
            switch wiring {
            case .droppedFirst: "was reclaimed and came back"
            case .setAsideFirst: "is known, and not there"
            default: "cannot be read"
            }
        try await expectCaught(wiring, saying: words, outcomes: 2) { _ in false }
    }

    @Test func `is noticed within 100 cuts when the folder of a reclaimed chunk is not synced`() async throws {
        let folders = Set(
            Inspection.digests(of: UInt8(Workload.removedStory)).map { "chunks/\($0.description.prefix(3))" })
        // In most states that a cut may leave the folder got there by itself.
        try await expectCaught(saying: "was reclaimed and came back", outcomes: 6) { call in
            call.operation == .syncDirectory && folders.contains { call.subject.hasSuffix($0) }
        }
    }

    /// With these calls pretended, a hundred cuts at boundaries spread over the workload must show it.
    private func expectCaught(
        _ wiring: Wiring = .right, saying words: String = "", outcomes: Int = 1,
        pretending lies: @escaping @Sendable (SimulatedCall) -> Bool
    ) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let bench = try await CrashBench(seed: seed, wiring: wiring, lies: lies)
        let boundaries = try await words.isEmpty ? bench.boundaries() : bench.boundariesOfCollection()
        let findings = try await bench.run(boundaries, outcomes: outcomes).filter {
            words.isEmpty || $0.contains(words)
        }
        let caught = Set(findings.map { $0.prefix { $0 != "," } }).count
        print("caught at \(caught) of \(boundaries.count) boundaries, seed \(seed)")
        #expect(!findings.isEmpty, "seed \(seed)")
    }
}

/// Runs the workload again and again, cuts the power at one boundary after the other, and inspects what is left.
struct CrashBench: Sendable {
    let seed: UInt64
    private let wiring: Wiring
    private let lies: @Sendable (SimulatedCall) -> Bool
    /// A machine that was set up and never used.
    let fresh: SimulatedFileSystem

    init(
        seed: UInt64, wiring: Wiring = .right, lies: @escaping @Sendable (SimulatedCall) -> Bool = { _ in false }
    ) async throws {
        self.seed = seed
        self.wiring = wiring
        self.lies = lies
        let disk = SimulatedFileSystem()
        let machine = try await Machine(disk, MemoryLedger())
        await machine.close()
        fresh = disk.afterKill()
    }

    /// How many calls with an effect the workload makes, start-up included.
    func boundaryCount() async throws -> Int {
        let (disk, books) = (fresh.afterKill(), MemoryLedger())
        let machine = try await Machine(disk, books, wiring: wiring)
        await Workload.run(on: machine.engine, Witness(of: disk))
        await machine.close()
        return disk.effectCount
    }

    /// A hundred, spread over the workload.
    func boundaries() async throws -> [Int] {
        let count = try await boundaryCount()
        return (1...100).map { 1 + $0 * (count - 1) / 100 }
    }

    /// At most a hundred, before and after each moment at which the file of a chunk is set aside.
    func boundariesOfCollection() async throws -> [Int] {
        let (disk, books, moves) = (fresh.afterKill(), MemoryLedger(), Moves())
        disk.obey { call in
            let isMove =
                call.operation == .rename && call.subject.contains("chunks/") && call.subject.contains("trash/")
            if isMove { moves.add(call.effect) }
            return .perform
        }
        let machine = try await Machine(disk, books, wiring: wiring)
        await Workload.run(on: machine.engine, Witness(of: disk))
        await machine.close()
        let all = Set(moves.all.flatMap { ($0 - 6)...($0 + 12) })
        return all.shuffled().prefix(100).sorted()
    }

    /// Cuts the power at each of `boundaries` and inspects `outcomes` of the states it may leave; returns what is
    /// wrong.
    func run(_ boundaries: [Int], outcomes: Int) async throws -> [String] {
        try await findings(boundaries) { try await cut(at: $0, outcomes) }
    }

    /// What `work` finds at each boundary, as many at once as there are cores: each is a machine of its own.
    func findings(
        _ boundaries: [Int], _ work: @escaping @Sendable (Int) async throws -> [String]
    ) async throws -> [String] {
        try await withThrowingTaskGroup(of: [String].self) { group in
            for lane in 0..<2 {
                group.addTask {
                    var findings: [String] = []
                    for boundary in boundaries where boundary % 2 == lane { findings += try await work(boundary) }
                    return findings
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func cut(at boundary: Int, _ outcomes: Int) async throws -> [String] {
        let (disk, books) = (fresh.afterKill(), MemoryLedger())
        let witness = Witness(of: disk)
        disk.obey { [lies] call in
            if call.effect >= boundary && call.operation.hasEffect { return .stop }
            return lies(call) ? .pretend : .perform
        }
        if let machine = try? await Machine(disk, books, wiring: wiring) {  // the power may go while it starts
            await Workload.run(on: machine.engine, witness)
            await machine.close()
        }
        var findings: [String] = []
        for outcome in 0..<outcomes {
            var random = SeededGenerator(seed: seed &+ UInt64(boundary) &* 1000 &+ UInt64(outcome))
            let left = try await Machine(disk.crash(using: &random), books.snapshot())
            let inspection = Inspection(
                machine: left, expectations: witness.all, hasRemoval: witness.hasRemoval)
            var found = try await inspection.findings()
            if outcome == 0 { found += try await inspection.findingsAfterCollection() }
            await left.close()
            await Task.yield()  // other tests wait for answers meanwhile
            findings += found.map { "boundary \(boundary), outcome \(outcome): \($0)" }
        }
        return findings
    }
}

/// The numbers of some calls.
private final class Moves: Sendable {
    private let numbers = Mutex<[Int]>([])

    func add(_ number: Int) { numbers.withLock { $0.append(number) } }

    var all: [Int] { numbers.withLock { $0 } }
}
