import CairnClient
import Foundation
import Testing

@Suite struct `The files behind a path` {
    @Test func `a file is itself, under the last piece of its path`() async throws {
        try await withFolder { folder throws in
            let path = try folder.file("x/a.bin", [1])
            #expect(try await LocalTree(at: path).files.map(\.name) == ["a.bin"])
        }
    }

    @Test func `a folder is all that is in it, with slashes, in order`() async throws {
        try await withFolder { folder throws in
            for name in ["f/b", "f/a/2", "f/a/1", "f/文 件/é"] { _ = try folder.file(name, [1]) }
            let tree = try await LocalTree(at: folder.appending(path: "f").path)
            #expect(tree.files.map(\.name) == ["f/a/1", "f/a/2", "f/b", "f/文 件/é"])
            #expect(tree.files.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
        }
    }

    @Test func `a path that only says where we are gives no name`() async throws {
        try await withFolder { folder throws in
            _ = try folder.file("f/a", [1])
            let tree = try await LocalTree(at: folder.path + "/f/..")
            #expect(tree.files.count == 1 && tree.files.allSatisfy { !$0.name.contains("..") })
        }
    }

    @Test func `links to files are files, links to folders are skipped, and links to nothing are errors`() async throws
    {
        try await withFolder { folder throws in
            _ = try folder.file("f/a", [1])
            let links = folder.appending(path: "f")
            try FileManager.default.createSymbolicLink(
                at: links.appending(path: "b"), withDestinationURL: links.appending(path: "a"))
            try FileManager.default.createSymbolicLink(at: links.appending(path: "loop"), withDestinationURL: links)
            try FileManager.default.createSymbolicLink(
                at: links.appending(path: "dangling"), withDestinationURL: links.appending(path: "nothing"))
            try FileManager.default.createSymbolicLink(
                at: links.appending(path: "itself"), withDestinationURL: links.appending(path: "itself"))
            let tree = try await LocalTree(at: links.path)
            #expect(tree.files.map(\.name) == ["f/a", "f/b"])
            #expect(tree.skipped.map(\.path) == [links.appending(path: "loop").path])
            #expect(tree.unreadable.count == 2)
        }
    }

    @Test func `an empty folder has none`() async throws {
        try await withFolder { folder throws in #expect(try await LocalTree(at: folder.path).files.isEmpty) }
    }

    @Test func `what is not there is an error`() async {
        await #expect(throws: ClientError.self) { try await LocalTree(at: "/nonexistent/x") }
    }
}
