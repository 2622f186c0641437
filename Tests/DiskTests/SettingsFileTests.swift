import CairnDisk
import Foundation
import Testing

@Suite struct `A settings file` {
    @Test func `says nothing until it is written, and then what was written last`() throws {
        let folder = try RealFolder()
        let file = try SettingsFile("tokens.json", inFolder: folder.path, limit: 100)
        #expect(try file.read() == nil)
        for number in 1...3 as ClosedRange<UInt8> {
            try file.update { before in
                #expect(before == (number == 1 ? nil : [number - 1]))
                return [number]
            }
        }
        #expect(try SettingsFile("tokens.json", inFolder: folder.path, limit: 100).read() == [3])
    }

    @Test func `is read up to its limit and refused beyond`() throws {
        let folder = try RealFolder()
        let file = try SettingsFile("tokens.json", inFolder: folder.path, limit: 100)
        try file.update { _ in Array(repeating: 1, count: 100) }
        #expect(try file.read()?.count == 100)
        try file.update { _ in Array(repeating: 1, count: 101) }
        #expect(throws: DiskError.failed("tokens.json: longer than 100 bytes")) { try file.read() }
    }

    @Test func `is changed by one at a time; the second is told, and its change is not made`() throws {
        let folder = try RealFolder()
        let file = try SettingsFile("tokens.json", inFolder: folder.path, limit: 100)
        try file.update { _ in
            #expect(throws: DiskError.failed("tokens.json: another command changes it just now")) {
                try file.update { _ in [2] }
            }
            return [1]
        }
        #expect(try file.read() == [1])
    }

    @Test func `whose change throws stays as it was`() throws {
        struct Refused: Error {}
        let folder = try RealFolder()
        let file = try SettingsFile("tokens.json", inFolder: folder.path, limit: 100)
        try file.update { _ in [1] }
        #expect(throws: Refused.self) { try file.update { _ in throw Refused() } }
        #expect(try file.read() == [1])
    }

    @Test func `that is none, or has no folder, is an error`() throws {
        let folder = try RealFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/tokens.json", withIntermediateDirectories: true)
        let file = try SettingsFile("tokens.json", inFolder: folder.path, limit: 100)
        #expect(throws: DiskError.self) { try file.read() }
        #expect(throws: DiskError.self) { try SettingsFile("x", inFolder: folder.path + "/a/b", limit: 1) }
    }

    @Test func `is the old one when the disk refuses the new one`() async throws {
        let fileSystem = SimulatedFileSystem()
        let data = try await DataDirectory.open(fileSystem)
        let file = data.settings("tokens.json", limit: 100)
        try file.update { _ in [1] }
        for operation in [SimulatedCall.Operation.makeFile, .write, .syncData, .link, .rename] {
            fileSystem.obey { $0.operation == operation ? .fail(.noSpace) : .perform }
            #expect(throws: DiskError.self, "\(operation)") { try file.update { _ in [2] } }
            fileSystem.obey { _ in .perform }
            #expect(try await data.read(file) == [1], "\(operation)")
        }
        await data.close()
    }
}
