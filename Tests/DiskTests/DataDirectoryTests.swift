import CairnDisk
import CairnEngine
import Foundation
import Testing

@Suite struct `A data directory` {
    @Test func `has a thousand folders before the first chunk needs one`() async throws {
        let folder = try RealFolder()
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        await data.close()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.sorted() == ["LOCK", "backup", "format.json", "ns", "quarantine", "tails", "tmp", "trash"])
        let space = folder.path + "/ns/default"
        #expect(try FileManager.default.contentsOfDirectory(atPath: space + "/chunks").count == 4096)
        #expect(try FileManager.default.contentsOfDirectory(atPath: space + "/manifests").count == 256)
        #expect(data.ledgerPath == folder.path + "/ledger.sqlite")
    }

    @Test func `keeps its id and what is in it`() async throws {
        let folder = try RealFolder()
        var ids: Set<String> = []
        for _ in 0..<2 {
            let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
            ids.insert(data.id)
            if ids.count == 1 { try await data.store.keep(noise(1, 1000)) }
            #expect(try await data.store.chunk(noise(1, 1000)) == noise(1, 1000))
            await data.close()
        }
        #expect(ids.count == 1)
        #expect(ids.first.flatMap { UploadID($0) } != nil)
    }

    @Test func `is one process's at a time, and the refusal names it`() async throws {
        let folder = try RealFolder()
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        let own = "\(ProcessInfo.processInfo.processIdentifier)"
        await #expect(throws: DiskError.inUse(by: own)) {
            try await DataDirectory.open(folder.path, logger: silent, forced: true)
        }
        try await data.store.keep(noise(1, 1000))
        await data.close()
        await (try DataDirectory.open(folder.path, logger: silent, forced: true)).close()
    }

    @Test func `is free again when its process has ended in any way`() async throws {
        let fileSystem = SimulatedFileSystem()
        let data = try await DataDirectory.open(fileSystem)
        await #expect(throws: DiskError.inUse(by: "\(ProcessInfo.processInfo.processIdentifier)")) {
            try await DataDirectory.open(fileSystem)
        }
        await (try DataDirectory.open(fileSystem.afterKill())).close()
        await data.close()
    }

    @Test func `keeps namespaces apart`() async throws {
        let folder = try RealFolder()
        let other = try #require(Namespace("other"))
        var data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        try await data.store.keep(noise(1, 1000))
        await data.close()
        data = try await DataDirectory.open(folder.path, namespace: other, logger: silent, forced: true)
        #expect(try await data.store.chunk(noise(1, 1000)) == nil)
        await data.close()
    }

    @Test func `removes what was left without a final name, and nothing else`() async throws {
        let fileSystem = SimulatedFileSystem()
        let name = try await withStore(on: fileSystem) { store in
            try await store.keep(noise(1, 1000))
            return try await store.draft(noise(2, 100)).persist(for: UploadID())
        }
        let temporary = try fileSystem.root("/data").directory("tmp")
        try temporary.link(try temporary.makeFile(), as: "left")
        try await withStore(on: fileSystem) { store async throws in
            #expect(try temporary.names() == [])
            #expect(try await store.chunk(noise(1, 1000)) == noise(1, 1000))
            #expect(try await store.bytes(of: Tail(noise(2, 100), name)) == noise(2, 100))
        }
    }

    @Test func `makes the folders that are lacking`() async throws {
        let folder = try RealFolder()
        await (try DataDirectory.open(folder.path, logger: silent, forced: true)).close()
        let chunks = folder.path + "/ns/default/chunks"
        for name in ["000", "7ff", "fff"] { try FileManager.default.removeItem(atPath: "\(chunks)/\(name)") }
        await (try DataDirectory.open(folder.path, logger: silent, forced: true)).close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: chunks).count == 4096)
    }

    @Test func `without its format is not taken for a new one`() async throws {
        let folder = try RealFolder()
        await (try DataDirectory.open(folder.path, logger: silent, forced: true)).close()
        try FileManager.default.removeItem(atPath: folder.path + "/format.json")
        await #expect(throws: DiskError.notADataDirectory) {
            try await DataDirectory.open(folder.path, logger: silent, forced: true)
        }
    }

    @Test(arguments: ["tmp/mine", "notes.txt", "ns/x"])
    func `is not made where something else lies, and nothing there is touched`(name: String) async throws {
        let folder = try RealFolder()
        let file = URL(filePath: folder.path).appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: file)
        await #expect(throws: DiskError.notADataDirectory) {
            try await DataDirectory.open(folder.path, logger: silent, forced: true)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
    }

    @Test func `makes its ledger once, and refuses to go on without it`() async throws {
        let folder = try RealFolder()
        for _ in 0..<2 {
            let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
            await (try data.openLedger(logger: silent)).close()
            await data.close()
        }
        try FileManager.default.removeItem(atPath: folder.path + "/ledger.sqlite")
        let data = try await DataDirectory.open(folder.path, logger: silent, forced: true)
        await #expect(throws: LedgerError(path: data.ledgerPath, reason: .missing)) {
            try await data.openLedger(logger: silent)
        }
        await data.close()
    }

    @Test(arguments: ["", "{}", "[1]", #"{"version":1}"#, #"{"version":"1","store":"","features":{}}"#])
    func `with a format that is not ours is refused`(text: String) async throws {
        let folder = try RealFolder()
        try Data(text.utf8).write(to: URL(filePath: folder.path + "/format.json"))
        await #expect(throws: DiskError.notADataDirectory) {
            try await DataDirectory.open(folder.path, logger: silent, forced: true)
        }
    }

    @Test(arguments: [
        (2, #""read":[],"write":[]"#, [String]()), (1, #""read":["packs"],"write":[]"#, ["packs"]),
        (1, #""read":[],"write":["a","b"]"#, ["a", "b"]),
    ])
    func `of a newer version, or that needs what we do not know, is refused`(
        version: Int, needs: String, names: [String]
    ) async throws {
        let folder = try RealFolder()
        let features = #"{\#(needs),"gc":["unknown"]}"#
        let text = #"{"version":\#(version),"store":"00000000000000000000000000000000","features":\#(features)}"#
        try Data(text.utf8).write(to: URL(filePath: folder.path + "/format.json"))
        await #expect(throws: DiskError.newer(version: version, features: names)) {
            try await DataDirectory.open(folder.path, logger: silent, forced: true)
        }
    }

    @Test(arguments: ["nfs", "nfs4", "overlay"])
    func `is refused where syncs promise nothing, unless forced`(kind: String) async throws {
        let fileSystem = SimulatedFileSystem()
        fileSystem.kind = kind
        await #expect(throws: DiskError.unfitFileSystem(kind)) { try await DataDirectory.open(fileSystem) }
        #expect(fileSystem.effectCount == 0, "nothing was made there")
        let data = try await DataDirectory.open("/data", on: fileSystem, logger: silent, forced: true)
        await data.close()
    }

    @Test(arguments: ["ext4", "xfs", "tmpfs", "btrfs", "simulated", ""])
    func `is opened on other kinds of file systems`(kind: String) async throws {
        let fileSystem = SimulatedFileSystem()
        fileSystem.kind = kind
        await (try DataDirectory.open(fileSystem)).close()
    }

    @Test func `that cannot be made is an error`() async throws {
        let folder = try RealFolder()
        await #expect(throws: DiskError.self) {
            try await DataDirectory.open(folder.path + "/a/b", logger: silent, forced: true)
        }
    }

    @Test func `that is closed does nothing more, and says so`() async throws {
        let data = try await DataDirectory.open(SimulatedFileSystem())
        let draft = try await data.store.draft(noise(1, 100))
        await data.close()
        await #expect(throws: StoreError.self) { try await draft.append(noise(1, 100)) }
        await #expect(throws: StoreError.self) { try await data.store.keep(draft, as: noise(1, 100)) }
        await #expect(throws: StoreError.self) { try await data.store.chunk(noise(1, 100)) }
    }
}
