import CairnProcess
import Foundation
import Testing

@Suite(.serialized) struct `A put that is broken` {
    enum End: CaseIterable { case killed, stopped }

    @Test(arguments: End.allCases)
    func `goes on when the server is back`(end: End) async throws {
        try await withServer { server, folder throws in
            let client = try await PipedClient(["put", "-", "--to", server.url, "--json"])
            try await client.write(Array(content(20_000_000)[..<10_000_000]))
            switch end {
            case .killed: await server.kill()
            case .stopped: #expect(await server.stop() == 0)
            }
            try await server.restart()
            try await client.write(Array(content(20_000_000)[10_000_000...]))
            let (status, output, errors) = try await client.finish()
            #expect(status == 0, "\(errors)")
            let receipt = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
            let got = try await CairnProcess.run("get", try #require(receipt["url"] as? String), "-o", "-")
            #expect(Array(got.output) == content(20_000_000))
        }
    }

    @Test func `by the end of its client is finished by the next one, which sends only the rest`() async throws {
        try await withServer { server, folder throws in
            let file = try folder.file("a.bin", content(200_000_000))
            let client = try await RunningClient("put", file, "--to", server.url)
            var offset = 0
            while offset == 0, client.isRunning {
                let status = try await CairnProcess.run("status", file, "--to", server.url, "--json")
                offset = try status.object()["offset"] as? Int ?? 0
            }
            await client.kill()
            let put = try await CairnProcess.run("put", file, "--to", server.url, "--json")
            #expect(put.status == 0, "\(put.errors)")
            #expect(try put.object()["sent"] as? Int ?? .max <= 200_000_000 - offset)
            let here = try await CairnProcess.run("id", file, "--json").object()
            #expect(try put.object()["contentId"] as? String == here["contentId"] as? String)
        }
    }

    @Test func `a get that is broken goes on with what it has`() async throws {
        try await withServer { server, folder throws in
            let file = try folder.file("a.bin", content(20_000_000))
            let receipt = try await CairnProcess.run("put", file, "--to", server.url, "--json").object()
            let url = try #require(receipt["url"] as? String)
            // What a killed run leaves: some chunks, one of them damaged, and an end in the middle of another.
            var left = Array(content(20_000_000)[..<13_000_000])
            left[5_000_000] ^= 1
            let contentID = try #require(receipt["contentId"] as? String)
            try folder.file("b.bin.\(contentID.prefix(8)).part", left)
            let get = try await CairnProcess.run("get", url, "-o", folder.path("b.bin"), "--json")
            #expect(get.status == 0, "\(get.errors)")
            #expect(try get.object()["fetched"] as? Int == 20_000_000 - 2 * (4 << 20))
            #expect(try folder.bytes("b.bin") == content(20_000_000))
        }
    }
}
