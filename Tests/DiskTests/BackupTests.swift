import CairnDisk
import CairnEngine
import Foundation
import LedgerConformance
import Testing

@Suite struct `A copy of the ledger` {
    private func moment(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

    /// Hands out a real data directory with its ledger, and the path of its copies.
    private func withLedger(_ work: (DataDirectory, SQLLedger, String) async throws -> Void) async throws {
        let folder = try RealFolder()
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        let ledger = try await data.openLedger(logger: silent)
        do { try await work(data, ledger, "\(folder.path)/backup") } catch {
            Issue.record(error)
        }
        await ledger.close()
        await data.close()
    }

    @Test func `is a ledger by itself, with all that was committed by then`() async throws {
        try await withLedger { data, ledger, folder in
            for count in 1...5 { try await ledger.begin(0..<count) }
            let before = try await ledger.contents()
            #expect(try await data.backUp(ledger, at: moment(7)) == "backup/ledger-7.sqlite")
            try await ledger.begin(0..<6)
            let copy = try await SQLLedger.open(
                "\(folder)/ledger-7.sqlite", store: data.id, creating: false, logger: silent)
            #expect(try await copy.contents() == before)
            await copy.close()
        }
    }

    @Test func `is kept with the two before it, and its moment is told`() async throws {
        try await withLedger { data, ledger, folder in
            #expect(try await data.lastBackup() == nil)
            for second in [5, 100, 20, 300] as [Int64] { _ = try await data.backUp(ledger, at: moment(second)) }
            #expect(try await data.lastBackup() == moment(300))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names == ["ledger-100.sqlite", "ledger-20.sqlite", "ledger-300.sqlite"])
        }
    }

    @Test func `takes the place of one that broke off, and leaves other files alone`() async throws {
        try await withLedger { data, ledger, folder in
            for name in ["ledger-9.sqlite.part", "ledger-009.sqlite", "mine.sqlite"] {
                try Data("no ledger".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            }
            for second in [9, 10, 11, 12] as [Int64] { _ = try await data.backUp(ledger, at: moment(second)) }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            let expected = ["ledger-009.sqlite", "ledger-10.sqlite", "ledger-11.sqlite", "ledger-12.sqlite"]
            #expect(names == expected + ["mine.sqlite"])
        }
    }

    @Test(arguments: ["ledger-9.sqlite.part", "ledger-9.sqlite"])
    func `that cannot be made is an error, and the older ones stay`(obstacle: String) async throws {
        try await withLedger { data, ledger, folder in
            _ = try await data.backUp(ledger, at: moment(8))
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(obstacle)/x", withIntermediateDirectories: true)
            await #expect(throws: StoreError.self) { try await data.backUp(ledger, at: moment(9)) }
            #expect(FileManager.default.fileExists(atPath: "\(folder)/ledger-8.sqlite"))
        }
    }

    @Test func `is refused where its folder is gone`() async throws {
        try await withLedger { data, ledger, folder in
            try FileManager.default.removeItem(atPath: folder)
            await #expect(throws: StoreError.self) { try await data.backUp(ledger, at: moment(9)) }
        }
    }

    @Test func `whose folder cannot be listed is an error and not none`() async throws {
        let fileSystem = SimulatedFileSystem()
        let data = try await DataDirectory.open(fileSystem)
        fileSystem.obey { $0.operation == .list ? .fail(.io(number: 5, call: "readdir")) : .perform }
        await #expect(throws: StoreError.self) { try await data.lastBackup() }
        await data.close()
    }
}
