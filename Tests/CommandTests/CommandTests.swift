import CairnProcess
import Foundation
import Testing

@Suite(.serialized) struct `The command and a server` {
    @Test(arguments: [0, 1, 4 << 20, (4 << 20) + 1, 10_000_000])
    func `what was put is what is got`(length: Int) async throws {
        try await withServer { server, folder throws in
            let file = try folder.file("a.bin", content(length))
            let put = try await CairnProcess.run("put", file, "--to", server.url, "--json")
            #expect(put.status == 0, "\(put.errors)")
            let receipt = try put.object()
            let url = try #require(receipt["url"] as? String)
            #expect(url == "\(server.url)/files/\(receipt["id"] as? String ?? "")")
            #expect(receipt["length"] as? Int == length && receipt["sent"] as? Int == length)
            #expect(receipt["known"] as? Int == 0 && receipt["name"] as? String == "a.bin")

            let get = try await CairnProcess.run("get", url, "-o", folder.path("b.bin"), "--json")
            #expect(get.status == 0, "\(get.errors)")
            #expect(try get.object()["fetched"] as? Int == length)
            #expect(try folder.bytes("b.bin") == content(length))
        }
    }

    @Test func `the content id computed here is the server's`() async throws {
        try await withServer { server, folder throws in
            let file = try folder.file("a.bin", content(9_000_000))
            let here = try await CairnProcess.run("id", file, "--json").object()
            let there = try await CairnProcess.run("put", file, "--to", server.url, "--json").object()
            #expect(here["contentId"] as? String == there["contentId"] as? String)
            #expect(here["length"] as? Int == 9_000_000 && here["chunkSize"] as? Int == 4 << 20)
        }
    }

    @Test func `a second put sends nothing and says so`() async throws {
        try await withServer { server, folder throws in
            let file = try folder.file("a.bin", content(5_000_000))
            let first = try await CairnProcess.run("put", file, "--to", server.url, "--json").object()
            let second = try await CairnProcess.run("put", file, "--to", server.url, "--json").object()
            #expect(second["known"] as? Int == second["length"] as? Int && second["sent"] as? Int == 0)
            #expect(first["id"] as? String == second["id"] as? String)
        }
    }

    @Test func `a folder keeps its names, in any script`() async throws {
        try await withServer { server, folder throws in
            let names = ["f/a", "f/z", "f/é/empty", "f/é/文 件.txt"]
            for name in names { try folder.file(name, name.hasSuffix("empty") ? [] : Array(name.utf8)) }
            let put = try await CairnProcess.run("put", folder.path("f"), "--to", server.url, "--json")
            #expect(put.status == 0, "\(put.errors)")
            #expect(try put.objects().map { $0["name"] as? String } == names)

            let listed = try await CairnProcess.run("ls", "--from", server.url, "--json").objects()
            #expect(Set(listed.compactMap { $0["name"] as? String }) == Set(names))
            for file in listed {
                let got = try await CairnProcess.run("get", try #require(file["url"] as? String), "-o", "-")
                let name = try #require(file["name"] as? String)
                #expect(got.text == (name.hasSuffix("empty") ? "" : name))
            }
        }
    }

    @Test func `only the chunks that changed are sent, and one that is there twice only once`() async throws {
        try await withServer { server, folder throws in
            let chunk = 4 << 20
            var bytes = content(5 * chunk)
            _ = try await CairnProcess.run("put", folder.file("a.bin", bytes), "--to", server.url)
            bytes[2 * chunk + 5] ^= 1
            let changed = try folder.file("b.bin", bytes + bytes[..<chunk])
            let put = try await CairnProcess.run("put", changed, "--to", server.url, "--json").object()
            #expect(put["sent"] as? Int == chunk && put["known"] as? Int == 5 * chunk)
            let got = try await CairnProcess.run("get", try #require(put["url"] as? String), "-o", "-")
            #expect(Array(got.output) == bytes + bytes[..<chunk])
        }
    }

    @Test func `what compresses travels as less than it is`() async throws {
        try await withServer { server, folder throws in
            let text = (0..<400_000).map { "line \($0 * 7919 % 1000) of a log\n" }.joined()
            let file = try folder.file("a.log", text.utf8)
            let put = try await CairnProcess.run("put", file, "--to", server.url, "--json").object()
            #expect(put["length"] as? Int == text.utf8.count && put["known"] as? Int ?? -1 >= 0)
            #expect(try #require(put["sent"] as? Int) < text.utf8.count / 2)
            let got = try await CairnProcess.run("get", try #require(put["url"] as? String), "-o", "-")
            #expect(got.text == text)
        }
    }

    @Test func `a thousand files arrive, and are printed in the order of their names`() async throws {
        try await withServer { server, folder throws in
            let names = (0..<1000).map { "f/\(String(1000 + $0).dropFirst())" }
            for (index, name) in names.enumerated() { try folder.file(name, content(index, seed: index)) }
            for isFirst in [true, false] {
                let put = try await CairnProcess.run("put", folder.path("f"), "--to", server.url, "--json")
                #expect(put.status == 0, "\(put.errors)")
                let receipts = try put.objects()
                #expect(receipts.map { $0["name"] as? String } == names)
                #expect(receipts.map { $0["sent"] as? Int } == (0..<1000).map { isFirst ? $0 : 0 })
            }
        }
    }

    @Test func `what cannot be sent of a folder is an error, and the rest is sent`() async throws {
        try await withServer { server, folder throws in
            try folder.file("f/a", [1])
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("f/gone"), withDestinationPath: folder.path("nothing"))
            let put = try await CairnProcess.run("put", folder.path("f"), "--to", server.url, "--json")
            #expect(put.status == 66 && put.errors.contains("f/gone: a link that leads nowhere"))
            #expect(try put.objects().map { $0["name"] as? String } == ["f/a"])
        }
    }

    @Test func `standard input arrives under the name it is given`() async throws {
        try await withServer { server, folder throws in
            let client = try await PipedClient(["put", "-", "--name", "ü.txt", "--to", server.url, "--json"])
            try await client.write(content(3_000_000))
            let (status, output, errors) = try await client.finish()
            #expect(status == 0, "\(errors)")
            let receipt = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
            #expect(receipt["name"] as? String == "ü.txt" && receipt["length"] as? Int == 3_000_000)
            let got = try await CairnProcess.run("get", try #require(receipt["url"] as? String), "-o", "-")
            #expect(Array(got.output) == content(3_000_000))
        }
    }

    @Test func `status tells nothing, all, and other bytes apart`() async throws {
        try await withServer { server, folder throws in
            let file = try folder.file("a.bin", content(1_000_000))
            let time = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)]
            try FileManager.default.setAttributes(time, ofItemAtPath: file)
            let before = try await CairnProcess.run("status", file, "--to", server.url, "--json").object()
            #expect(before["state"] as? String == "unknown" && before["offset"] as? Int == 0)

            _ = try await CairnProcess.run("put", file, "--to", server.url)
            let after = try await CairnProcess.run("status", file, "--to", server.url, "--json").object()
            #expect(after["state"] as? String == "complete" && after["offset"] as? Int == 1_000_000)
            #expect(after["matches"] as? Bool == true)

            try folder.file("a.bin", content(1_000_000, seed: 2))
            try FileManager.default.setAttributes(time, ofItemAtPath: file)
            let changed = try await CairnProcess.run("status", file, "--to", server.url, "--json").object()
            #expect(changed["matches"] as? Bool == false)
        }
    }

    @Test func `a changed file of equal name, length and time is sent anew, beside the old one`() async throws {
        try await withServer { server, folder throws in
            let time = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)]
            var urls: [String] = []
            for seed in 1...2 {
                let file = try folder.file("a.bin", content(6_000_000, seed: seed))
                try FileManager.default.setAttributes(time, ofItemAtPath: file)
                let put = try await CairnProcess.run("put", file, "--to", server.url, "--json")
                #expect(put.status == 0, "\(put.errors)")
                #expect(try put.object()["sent"] as? Int == 6_000_000)
                #expect(put.errors.contains("starting over") == (seed == 2))
                urls.append(try #require(try put.object()["url"] as? String))
            }
            for (seed, url) in zip(1...2, urls) {
                let got = try await CairnProcess.run("get", url, "-o", "-")
                #expect(Array(got.output) == content(6_000_000, seed: seed))
            }
        }
    }

    @Test func `a removed file is gone`() async throws {
        try await withServer { server, folder throws in
            let file = try folder.file("a.bin", content(10))
            let receipt = try await CairnProcess.run("put", file, "--to", server.url, "--json").object()
            let id = try #require(receipt["id"] as? String)
            let removed = try await CairnProcess.run("rm", id, "--to", server.url, "--json")
            #expect(removed.status == 0)
            #expect(try removed.object()["removed"] as? Bool == true)
            #expect(try await CairnProcess.run("get", id, "--from", server.url, "-o", "-").status == 66)
            #expect(try await CairnProcess.run("rm", id, "--to", server.url).status == 66)
            #expect(try await CairnProcess.run("ls", "--to", server.url).text.isEmpty)
        }
    }

    @Test func `the output is not overwritten unless that is asked for`() async throws {
        try await withServer { server, folder throws in
            let file = try folder.file("a.bin", content(10))
            let receipt = try await CairnProcess.run("put", file, "--to", server.url, "--json").object()
            let url = try #require(receipt["url"] as? String)
            let other = try folder.file("b.bin", [1, 2, 3])
            #expect(try await CairnProcess.run("get", url, "-o", other).status == 74)
            #expect(try folder.bytes("b.bin") == [1, 2, 3])
            #expect(try await CairnProcess.run("get", url, "-o", other, "--force").status == 0)
            #expect(try folder.bytes("b.bin") == content(10))
        }
    }
}

@Suite struct `The command's exit codes` {
    @Test(arguments: [
        [], ["nonsense"], ["put"], ["put", "a"], ["put", "-", "-", "--to", "x"], ["get", "no-id"], ["id"],
        ["id", "x", "--chunk-size", "5"], ["put", "a", "b", "--name", "c", "--to", "x"], ["serve"],
        ["put", "a", "--to", "ftp://x"], ["put", "a", "--to", "x", "--tries", "0"],
    ])
    func `a wrong command line is 64, or help`(arguments: [String]) async throws {
        let (status, output, errors) = try await PipedClient(arguments).finish()
        #expect(status == (arguments.isEmpty ? 0 : 64), "\(output)\(errors)")
    }

    @Test func `help lists them`() async throws {
        let help = try await CairnProcess.run("--help")
        #expect(help.status == 0)
        for code in ["64", "66", "69", "70", "74", "75", "76", "77"] { #expect(help.text.contains("  \(code)  ")) }
    }

    @Test func `a missing file is 66, and the others are still done`() async throws {
        try await withServer { server, folder throws in
            let file = try folder.file("a.bin", [1])
            let put = try await CairnProcess.run("put", "/nonexistent", file, "--to", server.url, "--json")
            #expect(put.status == 66)
            #expect(try put.objects().count == 1)
            #expect(put.errors.contains("/nonexistent"))
        }
    }

    @Test func `a server that is not there is 69`() async throws {
        let process = try await CairnProcess.run("ls", "--to", "http://127.0.0.1:1")
        #expect(process.status == 69 && process.errors.contains("refused"))
    }

    @Test func `errors are one line of words`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("a", [1])
        let process = try await CairnProcess.run("put", file, "--to", "http://127.0.0.1:1", "--tries", "1")
        #expect(process.errors.split(separator: "\n").count == 1)
        for dump in ["Error", "(", "Optional"] { #expect(!process.errors.contains(dump), "\(process.errors)") }
    }

    @Test func `a data directory in use is 75, a strange folder 66`() async throws {
        try await withServer { server, folder throws in
            let second = try await CairnProcess.run("serve", "--data", folder.path("data"), "--listen", "127.0.0.1:0")
            #expect(second.status == 75, "\(second.errors)")
            try folder.file("strange/format.json", "{}".utf8)
            let strange = try await CairnProcess.run(
                "serve", "--data", folder.path("strange"), "--listen", "127.0.0.1:0")
            #expect(strange.status == 66, "\(strange.errors)")
        }
    }
}
