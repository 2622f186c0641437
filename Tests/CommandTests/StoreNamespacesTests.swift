import CairnProcess
import Foundation
import Testing

/// The same bytes of two namespaces in one data directory, and other bytes of each.
@Suite(.serialized) struct `cairn store over two namespaces` {
    private struct Stored {
        let id: String
        let name: String
        let bytes: [UInt8]
        let token: String
    }

    private static let (both, one, two) = (content(5 << 20), content(5 << 20, seed: 2), content(5 << 20, seed: 3))

    /// Uploads `same` to both and a file of its own to each, and stops the server.
    private static func store(in folder: TemporaryFolder) async throws -> [Stored] {
        let first = try await makeToken("first", in: folder, "--principal", "ann")
        let second = try await makeToken("second", in: folder, "--principal", "ann", "--namespace", "other")
        let server = try await ServerProcess(data: folder.url.appending(path: "data"))
        var stored: [Stored] = []
        for (token, own) in [(first.text, one), (second.text, two)] {
            for (name, bytes) in [("same", both), ("own", own)] {
                let sent = try await put(folder.file(name, bytes), to: server, as: token)
                #expect(sent["sent"] as? Int == 5 << 20, "what another namespace has travels again")
                stored.append(
                    Stored(id: try #require(sent["id"] as? String), name: name, bytes: bytes, token: token))
            }
        }
        await server.stop()
        return stored
    }

    private static func areThere(_ stored: [Stored], in folder: TemporaryFolder) async throws {
        let server = try await ServerProcess(data: folder.url.appending(path: "data"))
        for file in stored {
            for token in Set(stored.map(\.token)) {
                let got = try await CairnProcess.run(
                    "get", "\(server.url)/files/\(file.id)", "-o", "-", environment: ["CAIRN_TOKEN": token])
                #expect(got.status == (token == file.token ? 0 : 66), "\(got.errors)")
                #expect(Array(got.output) == (token == file.token ? file.bytes : []))
            }
        }
        await server.stop()
    }

    private static func chunkFiles(of namespace: String, in folder: TemporaryFolder) throws -> [URL] {
        try files(under: folder.url.appending(path: "data/ns/\(namespace)/chunks"))
    }

    private static func files(under root: URL) throws -> [URL] {
        try FileManager.default.subpathsOfDirectory(atPath: root.path).map { root.appending(path: $0) }
            .filter { try $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true }
    }

    @Test func `check finds what is in both, and damage in one hurts no file of the other`() async throws {
        let folder = try TemporaryFolder()
        let stored = try await Self.store(in: folder)
        let sound = try await CairnProcess.run("store", "check", folder.path("data"), "--json")
        #expect(sound.status == 0, "\(sound.errors)")
        #expect(try sound.object()["chunks"] as? Int == 8 && sound.object()["files"] as? Int == 4)
        for url in try Self.chunkFiles(of: "other", in: folder) {
            var bytes = try Data(contentsOf: url)
            bytes[bytes.count / 2] ^= 4
            try bytes.write(to: url)
        }
        // The check goes by whole seconds.
        try await Task.sleep(for: .seconds(1.1))
        let hurt = try await CairnProcess.run("store", "check", folder.path("data"), "--full", "--json")
        #expect(hurt.status == 65)
        let found = try hurt.object()
        #expect((found["damaged"] as? [String])?.count == 4 && found["damagedFiles"] as? Int == 2)
        try await Self.areThere(Array(stored.prefix(2)), in: folder)
    }

    @Test func `rebuild gives each file back to its namespace and to its principal`() async throws {
        let folder = try TemporaryFolder()
        let stored = try await Self.store(in: folder)
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: folder.path("data/ledger.sqlite\(suffix)"))  // may be gone
        }
        let rebuilt = try await CairnProcess.run("store", "rebuild", folder.path("data"), "--json")
        #expect(rebuilt.status == 0, "\(rebuilt.errors)")
        #expect(try rebuilt.object()["files"] as? Int == 4)
        try await Self.areThere(stored, in: folder)
    }

    @Test func `gc gives back what one removed, although another still has the same bytes`() async throws {
        let folder = try TemporaryFolder()
        let stored = try await Self.store(in: folder)
        let server = try await ServerProcess(data: folder.url.appending(path: "data"))
        let gone = try await CairnProcess.run(
            "rm", "\(server.url)/files/\(stored[2].id)", environment: ["CAIRN_TOKEN": stored[2].token])
        #expect(gone.status == 0, "\(gone.errors)")
        await server.stop()
        let done = try await CairnProcess.run("store", "gc", folder.path("data"), "--json", "--now")
        #expect(done.status == 0, "\(done.errors)")
        // What is left, not what this run did: the server may have done some of it after its start.
        #expect(try Self.chunkFiles(of: "other", in: folder).count == 2)
        #expect(try Self.chunkFiles(of: "default", in: folder).count == 4)
        #expect(try Self.files(under: folder.url.appending(path: "data/trash")).isEmpty)
        try await Self.areThere([stored[0], stored[1], stored[3]], in: folder)
    }

    @Test func `export writes those of another namespace into a folder of its name`() async throws {
        let folder = try TemporaryFolder()
        let stored = try await Self.store(in: folder)
        let export = try await CairnProcess.run("store", "export", folder.path("data"), folder.path("out"), "--json")
        #expect(export.status == 0, "\(export.errors)")
        #expect(try export.object()["files"] as? Int == 4)
        for (place, file) in zip(["same", "own", "other/same", "other/own"], stored) {
            #expect(try folder.bytes("out/\(place)") == file.bytes, "\(place)")
        }
    }
}
