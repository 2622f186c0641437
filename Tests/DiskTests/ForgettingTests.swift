import CairnDisk
import CairnEngine
import Foundation
import LedgerConformance
import Randomness
import Testing

@Suite struct `A ledger that is given up` {
    private let moment = Timestamp(seconds: 1_700_000_000)

    /// A data directory with a ledger and a chunk, closed.
    private func made() async throws -> RealFolder {
        let folder = try RealFolder()
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        let ledger = try await data.openLedger(logger: silent)
        try await ledger.begin(0..<3)
        try await data.store.keep(noise(1, 1000))
        await ledger.close()
        await data.close()
        return folder
    }

    @Test func `goes to quarantine, and the directory takes a new one`() async throws {
        let folder = try await made()
        let old = try Data(contentsOf: URL(filePath: folder.path + "/ledger.sqlite"))
        let moved = try await DataDirectory.forgetLedger(of: folder.path, at: moment)
        #expect(moved == ["quarantine/ledger.1700000000.sqlite"])
        #expect(try Data(contentsOf: URL(filePath: "\(folder.path)/\(moved[0])")) == old)
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        let ledger = try await data.openLedger(logger: silent)
        #expect(try await ledger.contents() == LedgerContents())
        #expect(try await data.store.chunk(noise(1, 1000)) == noise(1, 1000), "chunks are left alone")
        await ledger.close()
        await data.close()
    }

    @Test func `takes its log along, and is not missed a second time`() async throws {
        let folder = try await made()
        try Data("log".utf8).write(to: URL(filePath: folder.path + "/ledger.sqlite-wal"))
        let moved = try await DataDirectory.forgetLedger(of: folder.path, at: moment)
        #expect(moved == ["-wal", ""].map { "quarantine/ledger.1700000000.sqlite\($0)" })
        #expect(try await DataDirectory.forgetLedger(of: folder.path, at: moment) == [])
    }

    @Test func `goes also where the format is damaged, and the directory gets another id`() async throws {
        let folder = try await made()
        try Data("{".utf8).write(to: URL(filePath: folder.path + "/format.json"))
        _ = try await DataDirectory.forgetLedger(of: folder.path, at: moment)
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        await (try data.openLedger(logger: silent)).close()
        await data.close()
    }

    @Test func `stays where a newer Cairn has worked`() async throws {
        let folder = try await made()
        let id = String(repeating: "0", count: 32)
        let text = #"{"version":2,"store":"\#(id)","features":{"read":[],"write":[],"gc":[]}}"#
        try Data(text.utf8).write(to: URL(filePath: folder.path + "/format.json"))
        await #expect(throws: DiskError.newer(version: 2, features: [])) {
            try await DataDirectory.forgetLedger(of: folder.path, at: moment)
        }
        #expect(FileManager.default.fileExists(atPath: folder.path + "/ledger.sqlite"))
    }

    @Test func `stays while a server uses it, and what is no data directory is left alone`() async throws {
        let folder = try await made()
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        await #expect(throws: DiskError.inUse(by: "\(ProcessInfo.processInfo.processIdentifier)")) {
            try await DataDirectory.forgetLedger(of: folder.path, at: moment)
        }
        await data.close()
        let other = try RealFolder()
        await #expect(throws: DiskError.notADataDirectory) {
            try await DataDirectory.forgetLedger(of: other.path, at: moment)
        }
        await #expect(throws: DiskError.self) {
            try await DataDirectory.forgetLedger(of: other.path + "/a/b", at: moment)
        }
    }

    /// A data directory on a simulated disk whose ledger is two files that say what they are.
    private func simulated() async throws -> SimulatedFileSystem {
        let fileSystem = SimulatedFileSystem()
        await (try DataDirectory.open(fileSystem)).close()
        let root = try fileSystem.root("/data")
        for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
            let file = try root.makeFile()
            try file.replace(with: Array(name.utf8))
            try file.syncData()
            try root.link(file, as: name)
        }
        try root.sync()
        return fileSystem
    }

    @Test(arguments: seeds) func `is whole in one place or the other wherever power is lost`(seed: UInt64) async throws
    {
        for stop in 1...12 {
            let fileSystem = try await simulated()
            let start = fileSystem.effectCount
            fileSystem.obey { $0.operation.hasEffect && $0.effect >= start + stop ? .stop : .perform }
            _ = try? await DataDirectory.forgetLedger(of: "/data", at: moment, on: fileSystem)
            var generator = SeededGenerator(seed: seed &+ UInt64(stop))
            let after = fileSystem.crash(using: &generator)
            _ = try await DataDirectory.forgetLedger(of: "/data", at: moment, on: after)
            let quarantine = try after.root("/data").directory("quarantine")
            for name in try quarantine.names() {
                let text = String(decoding: try quarantine.file(name, for: .reading).bytes, as: UTF8.self)
                #expect(text == "ledger.sqlite\(name.hasSuffix("-wal") ? "-wal" : "")", "stop \(stop)")
            }
            #expect(try quarantine.names().count == 2, "stop \(stop), seed \(seed)")
            await (try DataDirectory.open(after)).close()
        }
    }

    @Test func `is an error while the disk refuses, and goes afterwards`() async throws {
        for operation in [SimulatedCall.Operation.rename, .list, .syncDirectory, .link] {
            let fileSystem = try await simulated()
            fileSystem.obey { $0.operation == operation ? .fail(.io(number: 5, call: "")) : .perform }
            await #expect(throws: DiskError.self, "\(operation)") {
                try await DataDirectory.forgetLedger(of: "/data", at: moment, on: fileSystem)
            }
            fileSystem.obey { _ in .perform }
            _ = try await DataDirectory.forgetLedger(of: "/data", at: moment, on: fileSystem)
            #expect(try fileSystem.root("/data").directory("quarantine").names().count == 2)
        }
    }
}
