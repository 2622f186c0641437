import CairnDisk
import Foundation
import Testing

@Suite struct `The speed of a disk` {
    private func measure(_ folder: RealFolder, _ length: Int64) async throws -> DiskSpeed {
        try await DiskSpeed.measure(in: folder.path, length: length, within: .seconds(5))
    }

    @Test func `is tried on files that are gone afterwards`() async throws {
        let folder = try RealFolder()
        let speed = try await measure(folder, 3 << 20)
        #expect(speed.length == 3 << 20)
        #expect(speed.writing > .zero && speed.reading > .zero)
        #expect(
            (1...DiskSpeed.smallCount).contains(speed.smallFiles.count) && speed.smallFiles == speed.smallFiles.sorted()
        )
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func `is tried with a MiB and a small file at least, however little time there is`() async throws {
        let folder = try RealFolder()
        let speed = try await DiskSpeed.measure(in: folder.path, length: 1 << 30, within: .zero)
        #expect(speed.length == 1 << 20 && speed.smallFiles.count == 1)
    }

    @Test func `is not tried longer than anyone waits for it`() async throws {
        let folder = try RealFolder()
        let running = Task { try await DiskSpeed.measure(in: folder.path, length: 512 << 20, within: .seconds(600)) }
        running.cancel()
        #expect(try await running.value.length < 512 << 20)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func `is not tried where there is no room, or no folder`() async throws {
        let folder = try RealFolder()
        await #expect(throws: DiskError.failed("no space")) { try await measure(folder, 1 << 60) }
        try Data().write(to: URL(filePath: folder.path + "/file"))
        await #expect(throws: DiskError.self) {
            try await DiskSpeed.measure(in: folder.path + "/file", length: 1 << 20, within: .seconds(1))
        }
    }
}
