import CairnProcess
import Foundation
import Testing

/// A data directory whose files have ends of their own.
@Suite(.serialized) struct `cairn store check and its sisters` {
    /// Uploads `count` files of nine MiB, and stops the server; what they hold, by id.
    private static func store(_ count: Int, in folder: TemporaryFolder) async throws -> [String: [UInt8]] {
        let server = try await ServerProcess(data: folder.url.appending(path: "data"))
        var files: [String: [UInt8]] = [:]
        for number in 1...count {
            let bytes = content(9 << 20, seed: number)
            let put = try await CairnProcess.run(
                "put", folder.file("file \(number)", bytes), "--to", server.url, "--json"
            ).object()
            files[try #require(put["id"] as? String)] = bytes
        }
        await server.stop()
        return files
    }

    /// Flips a bit where no footer tells.
    private static func rot(_ number: Int, in folder: TemporaryFolder) throws {
        let root = folder.path("data/ns/default/chunks")
        let names = try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.count > 60 }.sorted()
        let url = URL(fileURLWithPath: root).appending(path: names[number])
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count / 2] ^= 4
        try bytes.write(to: url)
    }

    @Test func `a sound store is found sound, quickly and in full`() async throws {
        let folder = try TemporaryFolder()
        _ = try await Self.store(2, in: folder)
        for options in [[], ["--full"]] as [[String]] {
            let check = try await CairnProcess.run(["store", "check", folder.path("data"), "--json"] + options)
            #expect(check.status == 0, "\(check.errors)")
            let found = try check.object()
            #expect(found["chunks"] as? Int == 6 && found["files"] as? Int == 2)
            #expect((found["damaged"] as? [String])?.isEmpty == true && found["records"] as? Int == 0)
            #expect(found["read"] as? Int == (options.isEmpty ? 0 : 18 << 20))
            // The check goes by whole seconds.
            try await Task.sleep(for: .seconds(1.1))
        }
    }

    @Test func `damage is found, set aside and named, and the next upload of the bytes heals it`() async throws {
        let folder = try TemporaryFolder()
        let files = try await Self.store(2, in: folder)
        try Self.rot(0, in: folder)
        #expect(try await CairnProcess.run("store", "check", folder.path("data")).status == 0, "footers are right")
        try await Task.sleep(for: .seconds(1.1))
        let full = try await CairnProcess.run("store", "check", folder.path("data"), "--full", "--json")
        #expect(full.status == 65)
        let found = try full.object()
        #expect((found["damaged"] as? [String])?.count == 1 && found["damagedFiles"] as? Int == 1)
        let hurt = try #require(files.keys.first { full.errors.contains("damaged: \($0)") })
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("data/quarantine")).count == 1)

        let server = try await ServerProcess(data: folder.url.appending(path: "data"))
        #expect(try await CairnProcess.run("get", "\(server.url)/files/\(hurt)", "-o", "-").status != 0)
        let again = try await CairnProcess.run(
            "put", folder.file("again", try #require(files[hurt])), "--to", server.url)
        #expect(again.status == 0 && again.text.contains("5.0 MiB of 9.0 MiB known"), "\(again.text)")
        let got = try await CairnProcess.run("get", "\(server.url)/files/\(hurt)", "-o", "-")
        #expect(Array(got.output) == files[hurt])
        await server.stop()
        #expect(try await CairnProcess.run("store", "check", folder.path("data")).status == 0)
    }

    @Test func `a lost ledger is rebuilt from records, and so is a lost format`() async throws {
        let folder = try TemporaryFolder()
        let files = try await Self.store(2, in: folder)
        try Data("scribble".utf8).write(to: folder.url.appending(path: "data/format.json"))
        try FileManager.default.removeItem(atPath: folder.path("data/ledger.sqlite"))
        let refused = try await CairnProcess.run("store", "check", folder.path("data"))
        #expect(refused.status == 66 && refused.errors.contains("cairn store rebuild"))
        let rebuilt = try await CairnProcess.run("store", "rebuild", folder.path("data"), "--json")
        #expect(rebuilt.status == 0, "\(rebuilt.errors)")
        #expect(try rebuilt.object()["files"] as? Int == 2)
        let server = try await ServerProcess(data: folder.url.appending(path: "data"))
        for (id, bytes) in files {
            let got = try await CairnProcess.run("get", "\(server.url)/files/\(id)", "-o", "-")
            #expect(Array(got.output) == bytes)
        }
        await server.stop()
        let other = try await CairnProcess.run("store", "rebuild", folder.path("nothing"))
        #expect(other.status == 66)
    }

    @Test func `an old copy of the ledger learns of the files that were finished since`() async throws {
        let folder = try TemporaryFolder()
        let first = try await Self.store(1, in: folder)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path("data/backup")) {
            try FileManager.default.removeItem(atPath: folder.path("data/backup/\(name)"))
        }
        let copy = try await CairnProcess.run("store", "backup", folder.path("data"), "--json").object()
        let later = try await Self.store(3, in: folder)
        let ledger = folder.path("data/ledger.sqlite")
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: ledger + suffix) }
        try FileManager.default.copyItem(atPath: try #require(copy["path"] as? String), toPath: ledger)
        let server = try await ServerProcess(data: folder.url.appending(path: "data"))
        while !server.log.contains("brought them back"), server.isRunning {
            try await Task.sleep(for: .milliseconds(20))
        }
        for (id, bytes) in first.merging(later, uniquingKeysWith: { one, _ in one }) {
            let got = try await CairnProcess.run("get", "\(server.url)/files/\(id)", "-o", "-")
            #expect(Array(got.output) == bytes)
        }
        await server.stop()
    }

    @Test func `exported files are the files, under their names, and a second run adds nothing`() async throws {
        let folder = try TemporaryFolder()
        let files = try await Self.store(2, in: folder)
        let export = try await CairnProcess.run("store", "export", folder.path("data"), folder.path("out"), "--json")
        #expect(export.status == 0, "\(export.errors)")
        #expect(try export.object()["files"] as? Int == 2)
        #expect(Set(try [folder.bytes("out/file 1"), folder.bytes("out/file 2")]) == Set(files.values))
        let second = try await CairnProcess.run("store", "export", folder.path("data"), folder.path("out"), "--json")
        #expect(try second.object()["files"] as? Int == 0)
        let unknown = String(repeating: "0", count: 32)
        let none = try await CairnProcess.run("store", "export", folder.path("data"), folder.path("out"), unknown)
        #expect(none.status == 66 && none.errors.contains(unknown))
    }

    @Test func `an exported name never leads out of the folder, and none takes the place of another`() async throws {
        let folder = try TemporaryFolder()
        let server = try await ServerProcess(data: folder.url.appending(path: "data"))
        let file = try folder.file("source", content(1000))
        for name in ["../../outside", "/a/./b", "..", "ordner/ä b", "same", "same"] {
            let put = try await CairnProcess.run("put", file, "--name", name, "--to", server.url)
            #expect(put.status == 0, "\(put.errors)")
        }
        await server.stop()
        let out = folder.path("deep/down/out")
        #expect(try await CairnProcess.run("store", "export", folder.path("data"), out).status == 0)
        let names = try FileManager.default.subpathsOfDirectory(atPath: out)
        #expect(["outside", "a/b", "ordner/ä b"].allSatisfy(names.contains))
        #expect(names.count { $0.hasSuffix("-same") } == 2)
        #expect(!FileManager.default.fileExists(atPath: folder.path("deep/outside")))
        #expect(!FileManager.default.fileExists(atPath: folder.path("outside")))
    }

    @Test func `the doctor finds a good disk good, beside a server too`() async throws {
        try await withServer { _, folder throws in
            let doctor = try await CairnProcess.run("store", "doctor", folder.path("data"), "--json")
            #expect(doctor.status == 0, "\(doctor.text)\(doctor.errors)")
            let findings = try doctor.objects()
            #expect(findings.count == 8)
            #expect(findings.allSatisfy { $0["verdict"] as? String != "bad" })
        }
        let folder = try TemporaryFolder()
        #expect(try await CairnProcess.run("store", "doctor", folder.path("nothing")).status == 74)
    }

    @Test func `a running server copies its ledger, and keeps three copies`() async throws {
        let folder = try TemporaryFolder()
        _ = try await Self.store(1, in: folder)
        let backups = { try FileManager.default.contentsOfDirectory(atPath: folder.path("data/backup")) }
        #expect(try backups().count == 1)
        for _ in 0..<3 {
            try await Task.sleep(for: .seconds(1.1))
            #expect(try await CairnProcess.run("store", "backup", folder.path("data")).status == 0)
        }
        #expect(try backups().count == 3)
    }
}
