import CairnDisk
import NIOCore
import Randomness
import Testing

@Suite struct `The simulated file system` {
    private let fileSystem = SimulatedFileSystem()

    private var root: any Directory { get throws { try fileSystem.root("/") } }

    /// What a hundred power cuts leave of the file `name`; nil where it is gone.
    private func outcomes(of name: String) throws -> Set<[UInt8]?> {
        var generator = SeededGenerator(seed: 1)
        return try Set(
            (0..<100).map { _ in
                let root = try fileSystem.crash(using: &generator).root("/")
                return try root.names().contains(name) ? try root.file(name, for: .reading).bytes : nil
            })
    }

    private func file(_ name: String, _ bytes: [UInt8], isSynced: Bool = true) throws -> any OpenFile {
        let file = try root.makeFile()
        try file.write(bytes.span, at: 0)
        if isSynced { try file.syncData() }
        try root.link(file, as: name)
        return file
    }

    @Test func `tells files from directories`() throws {
        _ = try file("a", [1])
        try root.makeDirectory("b")
        #expect(throws: FileSystemError.io(number: 20, call: "not a directory")) { try root.directory("a") }
        #expect(throws: FileSystemError.io(number: 21, call: "a directory")) { try root.file("b", for: .reading) }
    }

    @Test func `keeps what was synced in file and directory`() throws {
        _ = try file("a", [1, 2, 3])
        try root.sync()
        #expect(try outcomes(of: "a") == [[1, 2, 3]])
    }

    @Test func `may keep or lose a name whose directory was not synced`() throws {
        _ = try file("a", [1, 2, 3])
        #expect(try outcomes(of: "a") == [[1, 2, 3], nil])
    }

    @Test func `may bring an unlinked name back`() throws {
        _ = try file("a", [1])
        try root.sync()
        try root.unlink("a")
        #expect(try outcomes(of: "a") == [[1], nil])
    }

    @Test func `may lose bytes that were not synced, or keep the length without them`() throws {
        _ = try file("a", Array(repeating: 7, count: 100), isSynced: false)
        try root.sync()
        #expect(try outcomes(of: "a") == [[], Array(repeating: 7, count: 100), Array(repeating: 0, count: 100)])
    }

    @Test func `tears bytes that were not synced at 512, and mixes old and new`() throws {
        let file = try file("a", Array(repeating: 1, count: 2000))
        try root.sync()
        try file.write(Array(repeating: 2 as UInt8, count: 2000).span, at: 0)
        let outcomes = try outcomes(of: "a").compactMap(\.self)
        #expect(outcomes.count > 4)
        for bytes in outcomes {
            #expect(bytes.count == 2000)
            for start in stride(from: 0, to: 2000, by: 512) {
                #expect(Set(bytes[start..<min(start + 512, 2000)]).count == 1, "a sector is old or new")
            }
        }
    }

    @Test func `never loses synced bytes before those that were appended later`() throws {
        let file = try file("a", Array(repeating: 1, count: 700))
        try root.sync()
        for place in 0..<5 { try file.write(Array(repeating: 2 as UInt8, count: 100).span, at: 700 + place * 100) }
        let outcomes = try outcomes(of: "a").compactMap(\.self)
        #expect(outcomes.count > 4)
        for bytes in outcomes { #expect(bytes.prefix(700) == Array(repeating: 1, count: 700)[...]) }
    }

    @Test func `loses for good what a failed sync was to write, though the next one succeeds`() throws {
        let file = try file("a", [1, 1, 1])
        try root.sync()
        try file.write([2, 2, 2].span, at: 3)
        let once = Once()
        let error = FileSystemError.io(number: 5, call: "fdatasync")
        fileSystem.obey { $0.operation == .syncData && once.pass() ? .fail(error) : .perform }
        #expect(throws: error) { try file.syncData() }
        try file.syncData()
        #expect(try file.bytes == [1, 1, 1, 2, 2, 2], "who reads sees it still")
        #expect(try outcomes(of: "a") == [[1, 1, 1, 0, 0, 0]])
        try file.write([3].span, at: 6)
        try file.syncData()
        #expect(try outcomes(of: "a") == [[1, 1, 1, 0, 0, 0, 3]])
    }

    @Test func `renames as one step: the new name is the old file or the new`() throws {
        _ = try file("a", [1])
        _ = try file("b", [2])
        try root.sync()
        try root.rename("b", to: "a", in: root)
        #expect(try outcomes(of: "a") == [[1], [2]])
        #expect(try outcomes(of: "b") == [[2], nil])
        try root.sync()
        #expect(try outcomes(of: "a") == [[2]])
        #expect(try outcomes(of: "b") == [nil])
    }

    @Test func `syncs one directory at a time`() throws {
        try root.makeDirectory("d")
        try root.sync()
        let other = try root.directory("d")
        _ = try file("a", [1])
        try root.sync()
        try root.rename("a", to: "b", in: other)
        try other.sync()
        var generator = SeededGenerator(seed: 1)
        let seen = try Set(
            (0..<50).map { _ in
                let root = try fileSystem.crash(using: &generator).root("/")
                return try [root.names().contains("a"), root.directory("d").names().contains("b")]
            })
        #expect(seen == [[true, true], [false, true]])
    }

    @Test func `gives the same outcome for the same seed`() throws {
        _ = try file("a", Array(repeating: 1, count: 5000), isSynced: false)
        for seed in seeds {
            let outcomes = try (0..<5).map { _ in
                var generator = SeededGenerator(seed: seed)
                let root = try fileSystem.crash(using: &generator).root("/")
                return try root.names().contains("a") ? try root.file("a", for: .reading).bytes : nil
            }
            #expect(Set(outcomes).count == 1, "seed \(seed)")
        }
    }

    @Test func `forgets a file without a name, its bytes and its locks, at a power cut`() throws {
        let lock = try root.lock("lock")
        #expect(throws: FileSystemError.locked) { try root.lock("lock") }
        let killed = try fileSystem.afterKill().root("/")
        #expect(throws: Never.self) { try killed.lock("lock") }
        withExtendedLifetime(lock) {}
    }

    @Test func `frees a lock when its file is let go`() throws {
        var lock: (any OpenFile)? = try root.lock("lock")
        #expect(throws: FileSystemError.locked) { try root.lock("lock") }
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(throws: Never.self) { try root.lock("lock") }
    }

    @Test func `keeps everything when only the process dies`() throws {
        _ = try file("a", [1, 2, 3], isSynced: false)
        let root = try fileSystem.afterKill().root("/")
        #expect(try root.file("a", for: .reading).bytes == [1, 2, 3])
    }

    @Test func `counts names as the links of a file`() throws {
        let file = try root.makeFile()
        #expect(try file.linkCount() == 0)
        try root.link(file, as: "a")
        try root.link(file, as: "b")
        #expect(try file.linkCount() == 2)
        #expect(throws: FileSystemError.exists) { try root.link(file, as: "a") }
        try root.unlink("a")
        #expect(try file.linkCount() == 1)
        #expect(throws: FileSystemError.absent) { try root.unlink("a") }
        #expect(throws: FileSystemError.absent) { try root.file("a", for: .reading) }
    }

    @Test func `stops at the call it was told to, and stays so`() throws {
        let file = try file("a", [1])
        fileSystem.obey { $0.operation == .write ? .stop : .perform }
        #expect(try file.bytes == [1])
        #expect(throws: SimulatedFileSystem.powerIsOff) { try file.write([2].span, at: 0) }
        #expect(throws: SimulatedFileSystem.powerIsOff) { try file.bytes }
        #expect(throws: SimulatedFileSystem.powerIsOff) { try root.sync() }
    }

    @Test func `pretends when told to`() throws {
        let file = try file("a", [1], isSynced: false)
        fileSystem.obey { _ in .pretend }
        try file.syncData()
        try root.sync()
        fileSystem.obey { _ in .perform }
        #expect(try outcomes(of: "a").contains(nil))
        try root.sync()
        #expect(try outcomes(of: "a").contains([]))
    }

    @Test func `counts calls with an effect and shows each to the rule once`() throws {
        let log = CallLog(fileSystem)
        let before = fileSystem.effectCount
        let file = try file("a", [1])
        _ = try file.bytes
        try root.sync()
        #expect(log.all.map(\.operation) == [.makeFile, .write, .syncData, .link, .look, .read, .syncDirectory])
        #expect(log.all.map(\.effect) == [1, 2, 3, 4, 4, 4, 5].map { $0 + before })
        #expect(fileSystem.effectCount == before + 5)
    }

    @Test func `writes half of what it refuses`() throws {
        let file = try file("a", [])
        fileSystem.obey { $0.operation == .write ? .fail(.noSpace) : .perform }
        #expect(throws: FileSystemError.noSpace) { try file.write([1, 2, 3, 4].span, at: 0) }
        #expect(try file.bytes == [1, 2])
    }
}
