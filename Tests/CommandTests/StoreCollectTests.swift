import CairnProcess
import Foundation
import Testing

@Suite(.serialized) struct `cairn store gc` {
    private static func chunkFiles(in folder: TemporaryFolder) throws -> Int {
        let root = folder.url.appending(path: "data/ns/default/chunks")
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.path)
        return try folders.reduce(0) {
            $0 + (try FileManager.default.contentsOfDirectory(atPath: root.appending(path: $1).path).count)
        }
    }

    @Test func `gives back what was removed, and keeps what is there`() async throws {
        try await withServer { server, folder throws in
            let (kept, gone) = (content(9 << 20, seed: 1), content(9 << 20, seed: 2))
            let url = try await CairnProcess.run(
                "put", folder.file("kept", kept), "--to", server.url, "--json"
            ).object()["url"]
            let other = try await CairnProcess.run(
                "put", folder.file("gone", gone), "--to", server.url, "--json"
            ).object()["url"]
            _ = try await CairnProcess.run("rm", try #require(other as? String))
            let busy = try await CairnProcess.run("store", "gc", folder.path("data"))
            #expect(busy.status == 75)
            #expect(busy.errors.contains("\(server.processIdentifier)") && busy.errors.contains("Stop that one first"))
            await server.stop()

            let first = try await CairnProcess.run("store", "gc", folder.path("data"), "--json")
            #expect(first.status == 0, "\(first.errors)")
            let done = try first.object()
            #expect(done["chunks"] as? Int == 3 && done["freed"] as? Int == 0)
            #expect(done["bytes"] as? Int == 9 << 20)
            #expect(try Self.chunkFiles(in: folder) == 3)
            let second = try await CairnProcess.run("store", "gc", folder.path("data"), "--json", "--now").object()
            #expect(second["chunks"] as? Int == 0 && second["freed"] as? Int == 4, "three chunks and a record")
            let third = try await CairnProcess.run("store", "gc", folder.path("data"), "--now")
            #expect(third.status == 0 && third.text.hasPrefix("0 uploads expired; reclaimed 0 chunks"))

            try await server.restart()
            let got = try await CairnProcess.run("get", try #require(url as? String), "-o", "-")
            #expect(Array(got.output) == kept)
        }
    }

    @Test(.timeLimit(.minutes(2))) func `is done by a running server by itself, which says what it gave back`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try await ServerProcess(data: folder.url.appending(path: "data"), "--limit-trash", "0")
        let put = try await CairnProcess.run("put", folder.file("gone", content(9 << 20)), "--to", server.url, "--json")
        _ = try await CairnProcess.run("rm", try #require(put.object()["url"] as? String))
        await server.stop()
        try await server.restart()
        while !server.log.contains("reclaimed"), server.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        let line = try #require(server.log.split(separator: "\n").last { $0.contains("reclaimed") })
        #expect(line.contains("chunks=3") && line.contains("bytes=\(9 << 20)"), "\(line)")
        #expect(try Self.chunkFiles(in: folder) == 0)
        await server.stop()
    }

    @Test func `makes nothing where there is no data directory, and says what to give it`() async throws {
        let folder = try TemporaryFolder()
        try folder.file("other/file", [1])
        for name in ["nothing", "other"] {
            let refused = try await CairnProcess.run("store", "gc", folder.path(name))
            #expect(refused.status == 66)
            #expect(refused.errors.contains("cairn serve --data"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["other"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("other")) == ["file"])
    }

    @Test(.timeLimit(.minutes(2))) func `a client that was stopped meanwhile goes on, however much was collected`()
        async throws
    {
        try await withServer { server, folder throws in
            // The other file has the chunks that the client hears of as known; it is removed while the client stands.
            let bytes = content(96 << 20)
            let other = try await CairnProcess.run(
                "put", folder.file("other", bytes), "--to", server.url, "--json"
            ).object()["url"]
            let file = try folder.file("file", content(1000, seed: 3) + bytes[1000...] + content(64 << 20, seed: 4))
            // Each naming of entries is an answer that says which chunks are known.
            func namings() -> Int { server.log.split(separator: "\n").count { $0.contains("/manifest") } }
            let before = namings()
            let client = try await RunningClient("put", file, "--to", server.url, "--tries", "200")
            while namings() == before, client.isRunning { try await Task.sleep(for: .milliseconds(1)) }
            client.stop()
            _ = try await CairnProcess.run("rm", try #require(other as? String))
            await server.stop()
            let done = try await CairnProcess.run("store", "gc", folder.path("data"), "--now", "--json")
            #expect(done.status == 0, "\(done.errors)")
            try await server.restart()
            client.goOn()
            while client.isRunning { try await Task.sleep(for: .milliseconds(20)) }
            let listed = try await CairnProcess.run("ls", "--from", server.url, "--json").objects()
            let url = try #require(listed.first { $0["name"] as? String == "file" }?["url"] as? String)
            let got = try await CairnProcess.run("get", url, "-o", folder.path("got"))
            #expect(got.status == 0, "\(got.errors)")
            #expect(FileManager.default.contentsEqual(atPath: file, andPath: folder.path("got")))
        }
    }
}
