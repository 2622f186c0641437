import CairnDisk
import CairnEngine
import Foundation
import Testing

@Suite struct `An examination of a disk` {
    private func findings(_ folder: RealFolder, at moment: Timestamp = .now()) async throws -> [String: DiskFinding] {
        let all = try await DiskExamination.run(on: folder.path, at: moment)
        return Dictionary(uniqueKeysWithValues: all.map { ($0.subject, $0) })
    }

    @Test func `tries what the store asks of it, and leaves nothing`() async throws {
        let folder = try RealFolder()
        let found = try await findings(folder)
        let subjects = [
            "clock", "file system", "inodes", "names and links", "open files", "quarantine", "room", "syncs",
        ]
        #expect(found.keys.sorted() == subjects)
        for subject in ["names and links", "clock", "quarantine"] { #expect(found[subject]?.verdict == .ok) }
        #expect(found.values.allSatisfy { !$0.text.isEmpty })
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func `warns of files set aside, and of a clock that was turned back`() async throws {
        let folder = try RealFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/quarantine/x", withIntermediateDirectories: true)
        let found = try await findings(folder, at: Timestamp(seconds: 1_000_000_000))
        #expect(found["quarantine"]?.verdict == .warn)
        #expect(found["clock"]?.verdict == .warn)
        #expect(found["clock"]?.text.hasPrefix("2001-09-09T01:46:40Z") == true)
    }

    /// What is found of a simulated disk.
    private func findings(_ change: (SimulatedFileSystem) -> Void) throws -> [String: DiskFinding] {
        let fileSystem = SimulatedFileSystem()
        change(fileSystem)
        let all = try DiskExamination.findings(of: fileSystem.root("/"))
        return Dictionary(uniqueKeysWithValues: all.map { ($0.subject, $0) })
    }

    @Test(arguments: [
        ("ext4", DiskFinding.Verdict.ok), ("xfs", .ok), ("tmpfs", .warn), ("ramfs", .warn), ("btrfs", .warn),
        ("", .warn), ("nfs", .bad), ("nfs4", .bad), ("overlay", .bad),
    ])
    func `judges a file system by its kind`(kind: String, verdict: DiskFinding.Verdict) throws {
        let found = try findings { $0.kind = kind }
        #expect(found["file system"]?.verdict == verdict)
        #expect(found["file system"]?.text.hasPrefix(kind.isEmpty ? "unknown" : kind) == true)
    }

    @Test func `says which calls do not do what they should`() throws {
        let error = FileSystemError.io(number: 5, call: "")
        var found = try findings { $0.obey { $0.operation == .rename ? .fail(error) : .perform } }
        #expect(found["names and links"]?.verdict == .bad && found["syncs"]?.verdict != .bad)
        found = try findings { $0.obey { $0.operation == .syncData ? .fail(error) : .perform } }
        #expect(found["names and links"]?.verdict == .bad && found["syncs"]?.verdict == .bad)
    }

    @Test(arguments: [(0.000_01, DiskFinding.Verdict.warn), (0.001, .ok), (0.2, .warn)])
    func `judges syncs by their time`(seconds: Double, verdict: DiskFinding.Verdict) {
        let found = DiskExamination.syncs(taking: seconds)
        #expect(found.verdict == verdict)
        #expect(found.text.contains("every upload waits") == (seconds > 0.1))
    }

    @Test(arguments: [(1000 as Int64, DiskFinding.Verdict.ok), (40, .warn), (0, .bad)])
    func `judges the room by what is left of it`(gibibytes: Int64, verdict: DiskFinding.Verdict) throws {
        let found = try findings { $0.space = Space(available: gibibytes << 30, total: 1000 << 30) }
        #expect(found["room"]?.verdict == verdict)
    }

    @Test func `needs a folder`() async throws {
        let folder = try RealFolder()
        await #expect(throws: DiskError.failed("no such folder")) {
            try await DiskExamination.run(on: folder.path + "/absent")
        }
        try Data().write(to: URL(filePath: folder.path + "/file"))
        await #expect(throws: DiskError.self) { try await DiskExamination.run(on: folder.path + "/file") }
    }
}
