import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import Testing

@Suite struct `A file that is exported` {
    private static let chunkLength = ChunkSize.minimum.length

    /// Hands out a store with a file of a chunk that lies raw, one that lies encoded and a short one; its manifest, its
    /// bytes, and a folder to export to.
    private func withFile(_ work: (DiskStore, Manifest, [UInt8], RealFolder) async throws -> Void) async throws {
        let pieces = [noise(1, Self.chunkLength), lines(Self.chunkLength), noise(2, 1000)]
        let folder = try RealFolder()
        try await withRealData { data in
            for piece in pieces { try await data.store.keep(piece) }
            let manifest = try Manifest(chunkSize: .minimum, entries: pieces.map { Entry(of: $0) })
            try await work(data.store, manifest, pieces.flatMap(\.self), folder)
        }
    }

    private func contents(_ folder: RealFolder, _ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")))
    }

    @Test func `is the file, whole, in the place of what stood there`() async throws {
        try await withFile { store, manifest, bytes, folder in
            for round in 1...2 {
                let shared = try await store.export(manifest, to: folder.path + "/copy")
                #expect(try contents(folder, "copy") == bytes, "round \(round)")
                #expect(shared >= 0 && shared <= Int64(Self.chunkLength + 1000), "what lies encoded is never shared")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["copy"])
            }
        }
    }

    /// A disk of 64 KiB at a path, while the process may mount one.
    private struct SmallDisk: ~Copyable {
        let path: String

        init?(at path: String) {
            guard unsafe mount("none", path, "tmpfs", 0, "size=64k") == 0 else { return nil }
            self.path = path
        }

        static var canBeMade: Bool {
            // A machine where no folder can be made fails every other test of these.
            guard let folder = try? RealFolder() else { return false }
            return SmallDisk(at: folder.path) != nil
        }

        deinit { _ = unsafe umount(path) }
    }

    @Test(.enabled(if: SmallDisk.canBeMade)) func `where there is no room for it is refused, and leaves nothing`()
        async throws
    {
        try await withFile { store, manifest, _, folder in
            guard let disk = SmallDisk(at: folder.path) else { return #expect(Bool(false), "not mounted") }
            await #expect(throws: StoreError.noSpace) { try await store.export(manifest, to: folder.path + "/copy") }
            let left = try FileManager.default.contentsOfDirectory(atPath: disk.path)
            #expect(left == [])
        }
    }

    @Test func `without a byte is an empty file`() async throws {
        try await withFile { store, _, _, folder in
            let empty = try Manifest(chunkSize: .minimum, entries: [])
            #expect(try await store.export(empty, to: folder.path + "/empty") == 0)
            #expect(try contents(folder, "empty") == [])
        }
    }

    @Test func `of which a chunk is absent or damaged is refused, and what stood there stays`() async throws {
        try await withFile { store, manifest, _, folder in
            try Data("before".utf8).write(to: URL(filePath: folder.path + "/copy"))
            let missing = Entry(of: noise(9, 1000))
            let other = try Manifest(chunkSize: .minimum, entries: Array(manifest.entries.dropLast()) + [missing])
            await #expect(throws: StoreError.damaged(missing.digest)) {
                try await store.export(other, to: folder.path + "/copy")
            }
            try await store.quarantine(manifest.entries[1].digest, at: Timestamp(seconds: 0))
            await #expect(throws: StoreError.damaged(manifest.entries[1].digest)) {
                try await store.export(manifest, to: folder.path + "/copy")
            }
            #expect(try contents(folder, "copy") == Array("before".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["copy"])
        }
    }

    @Test(arguments: ["absent/copy", "taken"]) func `has to have a place, or nothing is left`(
        name: String
    ) async throws {
        try await withFile { store, manifest, _, folder in
            try FileManager.default.createDirectory(
                atPath: folder.path + "/taken/x", withIntermediateDirectories: true)
            await #expect(throws: StoreError.self) {
                try await store.export(manifest, to: "\(folder.path)/\(name)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
        }
    }
}
