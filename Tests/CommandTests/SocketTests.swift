import CairnProcess
import Foundation
import Testing

@Suite(.serialized) struct `A socket of the file system` {
    private struct Place {
        let folder: TemporaryFolder
        let socket: String
        /// What `put` and `ls` are given.
        var url: String { "http+unix://" + socket.replacing("/", with: "%2F") }

        init() throws {
            // Short: a socket's path has at most 107 bytes.
            folder = try TemporaryFolder(in: URL(filePath: "/tmp"))
            socket = folder.path("s")
        }

        func serve(_ options: String...) async throws -> RunningClient {
            let arguments = ["serve", "--listen", "unix:\(socket)", "--data", folder.path("data")] + options
            let server = try await RunningClient(arguments: arguments)
            while server.isRunning, try await CairnProcess.run("ls", "--from", url, "--quiet").status != 0 {}
            return server
        }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func `is served as an address is, and gone with its server`() async throws {
        let place = try Place()
        let server = try await place.serve()
        #expect(try mode(place.socket) == 0o660)
        let file = try place.folder.file("a", content(5_000_000))
        let put = try await CairnProcess.run("put", file, "--to", place.url, "--json")
        #expect(put.status == 0, "\(put.errors)")
        let url = try #require(try put.object()["url"] as? String)
        let get = try await CairnProcess.run("get", url, "-o", place.folder.path("b"))
        #expect(get.status == 0, "\(get.errors)")
        #expect(try place.folder.bytes("b") == content(5_000_000))
        await server.terminate()
        #expect(!FileManager.default.fileExists(atPath: place.socket))
    }

    @Test func `of a server that runs is refused, of one that is gone is replaced`() async throws {
        let place = try Place()
        let first = try await place.serve("--socket-mode", "600")
        #expect(try mode(place.socket) == 0o600)
        let second = try await CairnProcess.run(
            "serve", "--listen", "unix:\(place.socket)", "--data", place.folder.path("other"))
        #expect(second.status == 69 && second.errors.contains("a server listens at"), "\(second.errors)")
        #expect(try await CairnProcess.run("ls", "--from", place.url).status == 0)
        await first.kill()
        #expect(FileManager.default.fileExists(atPath: place.socket))
        let third = try await place.serve()
        #expect(third.isRunning)
        await third.terminate()
    }

    @Test func `does not take the place of anything else`() async throws {
        let place = try Place()
        try place.folder.file("s", Array("mine".utf8))
        let run = try await CairnProcess.run(
            "serve", "--listen", "unix:\(place.socket)", "--data", place.folder.path("data"))
        #expect(run.status == 69 && run.errors.contains("is no socket"), "\(run.errors)")
        #expect(try place.folder.bytes("s") == Array("mine".utf8))
    }

    @Test func `has a path that the system takes`() async throws {
        for path in ["", String(repeating: "x", count: 108)] {
            let run = try await CairnProcess.run("serve", "--data", "/nowhere/x", "--listen", "unix:\(path)")
            #expect(run.status == 64)
        }
    }
}
