import CairnDisk
import CairnEngine
import Randomness
import Testing

@Suite(.serialized) struct `A disk that fails at any call` {
    enum Fault: String, CaseIterable, Sendable {
        case full, broken

        var error: FileSystemError { self == .full ? .noSpace : .io(number: 5, call: "a call of the test") }
    }

    @Test(arguments: Fault.allCases, [true, false])
    func `acknowledges nothing falsely, and goes on or says that it cannot`(
        fault: Fault, forEver: Bool
    ) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let bench = try await CrashBench(seed: seed)
        let boundaries = try await bench.boundaryCount()
        let findings = try await bench.findings(Array(1...boundaries)) { boundary in
            try await bench.fail(at: boundary, with: fault.error, forEver: forEver)
        }
        let how = forEver ? "from then on" : "once"
        print("\(fault) \(how), at each of \(boundaries) calls: \(findings.count) findings, seed \(seed)")
        #expect(findings.isEmpty, "seed \(seed): \(findings.prefix(3))")
    }
}

extension CrashBench {
    /// Runs the workload with one call, or all from one on, failing; then looks at what runs, and at what a power cut
    /// leaves of it.
    func fail(at boundary: Int, with error: FileSystemError, forEver: Bool) async throws -> [String] {
        let (disk, books) = (fresh.afterKill(), MemoryLedger())
        let witness = Witness(of: disk)
        disk.obey { call in
            guard call.operation.hasEffect else { return .perform }
            return call.effect == boundary || forEver && call.effect > boundary ? .fail(error) : .perform
        }
        guard let machine = try? await Machine(disk, books) else { return [] }  // it did not even start
        await Workload.run(on: machine.engine, witness)
        disk.obey { _ in .perform }
        var findings: [String] = []
        if !machine.directory.store.isReadOnly {
            findings += try await Inspection(machine: machine, expectations: witness.all).findings()
            findings += await goesOn(machine)
        }
        await machine.close()
        var random = SeededGenerator(seed: seed &+ UInt64(boundary))
        let left = try await Machine(disk.crash(using: &random), books.snapshot())
        findings += try await Inspection(machine: left, expectations: witness.all).findings()
        findings += await goesOn(left)
        await left.close()
        return findings.map { "call \(boundary): \($0)" }
    }

    /// A store that can write again takes a whole new file.
    private func goesOn(_ machine: Machine) async -> [String] {
        let body = OneBody(bytes: Workload.bytes(200, 0..<(Workload.chunk + 1)))
        do {
            let file = try await machine.engine.create(Append(at: 0, ending: .whole), body: body, by: .everyone)
            return file.state == .complete ? [] : ["a new file is not complete"]
        } catch { return ["a new file is refused: \(error)"] }
    }
}
