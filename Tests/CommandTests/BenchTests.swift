import CairnProcess
import Foundation
import Testing

@Suite(.serialized) struct `Measuring` {
    /// What is there of uploads, whether or not they are complete.
    private func left(on server: ServerProcess, in folder: TemporaryFolder) async throws -> String {
        var text = ""
        for path in ["/v1/files", "/v1/uploads"] {
            let answer = try await ask("\(server.url)\(path)")
            text += answer
        }
        return text
    }

    private func ask(_ url: String) async throws -> String {
        try await ChildProcess.run("curl", ["-sS", url]).text
    }

    private func names(in path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path) }

    @Test func `a disk gives figures of each kind and a sentence, and leaves nothing`() async throws {
        let folder = try TemporaryFolder()
        let place = folder.path("disk")
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let told = try await CairnProcess.run("bench", place, "--length", "5M", "--json")
        #expect(told.status == 0, "\(told.errors)")
        let figures = try told.object()
        for name in ["hashing", "packing", "writing", "reading", "smallFiles", "smallFileMedian"] {
            #expect(figures[name] as? Int ?? 0 > 0, "\(name)")
        }
        #expect(figures["length"] as? Int == 5 << 20)
        #expect(figures["smallFile99"] as? Int ?? 0 >= figures["smallFileMedian"] as? Int ?? .max)
        #expect(["disk", "hashing"].contains(figures["limit"] as? String))

        let words = try await CairnProcess.run("bench", place, "--length", "1M", "--seconds", "1")
        let lines = words.text.split(separator: "\n")
        #expect(lines.count == 6 && lines.last?.contains("is the limit") == true && lines.last?.last == ".")
        #expect(try names(in: place).isEmpty)
    }

    @Test func `a server gives figures of both ways and a sentence, and keeps nothing`() async throws {
        try await withServer { server, folder throws in
            let told = try await CairnProcess.run("bench", server.url, "--length", "20M", "--json")
            #expect(told.status == 0, "\(told.errors)")
            let figures = try told.object()
            for name in ["hashing", "packing", "roundTrip", "upload", "download", "taking"] {
                #expect(figures[name] as? Int ?? 0 > 0, "\(name)")
            }
            #expect(figures["sent"] as? Int == 20 << 20 && figures["fetched"] as? Int == 20 << 20)
            #expect(["disk", "hashing", "lineOrServer"].contains(figures["limit"] as? String))

            let words = try await CairnProcess.run("bench", server.url, "--length", "1M", "--quiet")
            #expect(words.status == 0 && words.errors.isEmpty)
            #expect(words.text.split(separator: "\n").last?.contains("is the limit") == true)
            #expect(try await left(on: server, in: folder).contains("\"id\"") == false)
        }
    }

    @Test func `one that is interrupted removes what it has begun`() async throws {
        try await withServer { server, folder throws in
            let client = try await PipedClient(["bench", server.url, "--length", "1024G", "--seconds", "600"])
            while try await !left(on: server, in: folder).contains("\"id\"") {
                try await Task.sleep(for: .milliseconds(20))
            }
            client.interrupt()
            let (status, output, errors) = try await client.finish()
            #expect(status == 75 && output.isEmpty, "\(errors)")
            #expect(errors.contains("interrupted"))
            #expect(try await left(on: server, in: folder).contains("\"id\"") == false)
        }
    }

    @Test(arguments: [
        ["bench"], ["bench", ""], ["bench", "http://"], ["bench", "http://a/?b"], ["bench", "ftp://a"],
        ["bench", "/tmp", "--length", "1K"], ["bench", "/tmp", "--length", "0"], ["bench", "/tmp", "--length", "-1"],
        ["bench", "/tmp", "--length", "2048G"], ["bench", "/tmp", "--length", "9223372036854775807K"],
        ["bench", "/tmp", "--length", "M"], ["bench", "/tmp", "--seconds", "0"],
        ["bench", "/tmp", "--seconds", "3601"],
    ])
    func `what cannot be measured is refused before anything is made`(arguments: [String]) async throws {
        let refused = try await CairnProcess.run(arguments)
        #expect(refused.status == 64 && refused.output.isEmpty, "\(refused.errors)")
    }

    @Test func `what is not there is said to be so`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("a", [1])
        for place in [file, folder.path("none"), "localhost:8080"] {
            let refused = try await CairnProcess.run("bench", place)
            #expect(refused.status == 66 && refused.output.isEmpty && refused.errors.contains("no such folder"))
        }
        let away = try await CairnProcess.run("bench", "http://127.0.0.1:1")
        #expect(away.status == 69 && away.output.isEmpty, "\(away.errors)")
        let full = try await CairnProcess.run("bench", folder.url.path, "--length", "1024G")
        #expect(full.status == 74 && full.output.isEmpty && full.errors.contains("no space"))
        #expect(try names(in: folder.url.path) == ["a"])
    }
}
