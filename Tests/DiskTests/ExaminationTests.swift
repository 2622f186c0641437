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

    @Test func `needs a folder`() async throws {
        let folder = try RealFolder()
        await #expect(throws: DiskError.failed("no such folder")) {
            try await DiskExamination.run(on: folder.path + "/absent")
        }
        try Data().write(to: URL(filePath: folder.path + "/file"))
        await #expect(throws: DiskError.self) { try await DiskExamination.run(on: folder.path + "/file") }
    }
}
