import CairnDisk
import Foundation
import NIOCore
import Testing

@Suite struct `The real file system` {
    private let folder: RealFolder
    private let root: any Directory

    init() throws {
        folder = try RealFolder()
        root = try POSIXFileSystem().root(folder.path)
    }

    @Test func `makes the last piece of a path, and only that`() throws {
        let path = folder.path + "/data"
        for _ in 0..<2 { _ = try POSIXFileSystem().root(path) }
        #expect(throws: FileSystemError.absent) { try POSIXFileSystem().root(folder.path + "/a/b") }
    }

    @Test func `gives a file without a name one or more, and counts them`() throws {
        let file = try root.makeFile()
        #expect(try root.names() == [])
        #expect(try file.linkCount() == 0)
        try file.write(Array("hello".utf8).span, at: 0)
        try root.link(file, as: "a")
        try root.link(file, as: "b")
        #expect(try file.linkCount() == 2)
        #expect(throws: FileSystemError.exists) { try root.link(file, as: "a") }
        #expect(try Set(root.names()) == ["a", "b"])
        #expect(try root.file("b", for: .reading).bytes == Array("hello".utf8))
    }

    @Test func `gives a file a name of its own where none cannot be, and takes it away again`() throws {
        let directory = try #require(root as? POSIXDirectory)
        var file: (any OpenFile)? = try directory.makeNamedFile()
        try file?.write([1, 2, 3].span, at: 0)
        #expect(try root.names().count == 1)
        if let file { try root.link(file, as: "a") }
        file = nil
        #expect(try root.names() == ["a"])
        #expect(try root.file("a", for: .reading).bytes == [1, 2, 3])
        #expect(try root.file("a", for: .reading).linkCount() == 1)
    }

    @Test func `forgets a file that never got a name`() throws {
        _ = try root.makeFile()
        #expect(try root.names() == [])
    }

    @Test func `reads as much as there is and writes at any place`() throws {
        let file = try root.makeFile()
        try file.write([1, 2, 3].span, at: 5)
        #expect(try file.bytes == [0, 0, 0, 0, 0, 1, 2, 3])
        #expect(try file.read(100, at: 6) == ByteBuffer(bytes: [2, 3]))
        #expect(try file.read(100, at: 8).readableBytes == 0)
        try file.truncate(to: 6)
        try file.syncData()
        #expect(try file.length() == 6)
        file.startWriteOut(of: 0..<6)
    }

    @Test func `moves a name over another and into another directory`() throws {
        try root.makeDirectory("d")
        #expect(throws: FileSystemError.exists) { try root.makeDirectory("d") }
        let other = try root.directory("d")
        for (name, byte) in [("a", 1), ("b", 2)] as [(String, UInt8)] {
            let file = try root.makeFile()
            try file.write([byte].span, at: 0)
            try root.link(file, as: name)
        }
        try root.rename("a", to: "b", in: root)
        #expect(try root.file("b", for: .reading).bytes == [1])
        try root.rename("b", to: "c", in: other)
        try root.sync()
        try other.sync()
        #expect(try root.names() == ["d"])
        #expect(try other.names() == ["c"])
        #expect(throws: FileSystemError.absent) { try root.rename("b", to: "c", in: other) }
        try other.unlink("c")
        #expect(throws: FileSystemError.absent) { try other.unlink("c") }
    }

    @Test func `follows no symbolic link, to a file or to a directory`() throws {
        let secret = try RealFolder()
        try Data("secret".utf8).write(to: URL(filePath: secret.path + "/file"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: secret.path + "/file")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/folder", withDestinationPath: secret.path)
        for access in [Access.reading, .writing] {
            #expect(throws: FileSystemError.self) { try root.file("link", for: access) }
        }
        #expect(throws: FileSystemError.self) { try root.lock("link") }
        #expect(throws: FileSystemError.self) { try root.directory("folder") }
        let file = try root.makeFile()
        #expect(throws: FileSystemError.exists) { try root.link(file, as: "link") }
    }

    @Test func `lets one hold a lock at a time`() throws {
        var lock: (any OpenFile)? = try root.lock("lock")
        #expect(throws: FileSystemError.locked) { try root.lock("lock") }
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(throws: Never.self) { try root.lock("lock") }
    }

    @Test func `tells its room and its kind`() throws {
        let space = try root.space()
        #expect(space.available >= 0 && space.total > 0 && space.available <= space.total)
        #expect(try !root.kind().isEmpty)
        #expect(try POSIXFileSystem().root("/proc").kind() == "proc")
    }

    @Test func `keeps its files from others`() throws {
        try root.makeDirectory("d")
        try root.link(try root.makeFile(), as: "a")
        for (name, mode) in [("d", 0o700), ("a", 0o600)] {
            let facts = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")
            #expect((facts[.posixPermissions] as? NSNumber)?.intValue == mode)
        }
    }

    @Test func `tells a file's absence from a failure`() throws {
        #expect(throws: FileSystemError.absent) { try root.file("nothing", for: .reading) }
        #expect(throws: FileSystemError.absent) { try root.directory("nothing") }
        try root.link(try root.makeFile(), as: "a")
        #expect { try root.directory("a") } throws: { error in
            guard case FileSystemError.io = error else { return false }
            return true
        }
    }
}
