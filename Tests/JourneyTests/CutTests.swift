import CairnProcess
import Foundation
import Randomness
import RawHTTP
import Testing

@Suite(.serialized) struct `An upload cut anywhere` {
    private enum Cut: CaseIterable {
        case connectionReset, connectionClosed, serverKilled, serverStopped
    }

    @Test func `goes on where it was after 200 cuts, with no acknowledged byte lost`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let data = try TemporaryFolder()
        let server = try await ServerProcess(data: data.url, "--chunk-size", "262144")
        var (cuts, files, again) = (0, 0, 0)
        while cuts < 200 {
            files += 1
            let content = random.bytes(Int.random(in: 0...(5 << 20), using: &random))
            let journey = Journey(server: server, name: "file-\(files)", content: content)
            var offset = 0
            repeat {
                let kind = Cut.allCases.randomElement(using: &random) ?? .connectionReset
                let length = Int.random(in: 0...(content.count - offset), using: &random)
                let pause = Int.random(in: 0...30, using: &random)
                let seen = try await cut(journey, kind, after: length, from: offset, pause)
                let after = try await journey.offset()
                #expect(after >= max(seen, offset), "seed \(seed), cut \(cuts), \(kind)")
                again += offset + length - after
                offset = after
                cuts += 1
            } while offset < content.count
            let answer = try await journey.send(0, from: offset).readFinal()
            #expect(answer.status == 200, "seed \(seed)")
            let location = try #require(answer["Location"])
            #expect(try await journey.download(location) == content, "seed \(seed), file \(files)")
        }
        print("\(cuts) cuts over \(files) files: \(again) bytes sent again, \(again / cuts) a cut, seed \(seed)")
        await server.stop()
    }

    /// Sends `length` bytes and cuts; returns the highest offset that was acknowledged on the way.
    private func cut(
        _ journey: Journey, _ kind: Cut, after length: Int, from start: Int, _ pause: Int
    ) async throws -> Int {
        let connection = try await journey.send(length, from: start)
        try await Task.sleep(for: .milliseconds(pause))
        let seen = try await journey.look() ?? 0
        switch kind {
        case .connectionReset: try? await connection.reset()  // the server may have ended it already
        case .connectionClosed: try? await connection.close()
        case .serverKilled:
            await journey.server.kill()
            try await journey.server.restart()
        case .serverStopped:
            #expect(await journey.server.stop() == 0)
            try await journey.server.restart()
        }
        return seen
    }

    @Test func `a client killed at any moment is followed by one that finishes its file`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let data = try TemporaryFolder()
        let server = try await ServerProcess(data: data.url)
        let file = data.url.appending(path: "file")
        try Data(random.bytes(96 << 20)).write(to: file)
        for _ in 0..<20 {
            let client = try await RunningClient("put", file.path, "--to", server.url)
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...120, using: &random)))
            await client.kill()
        }
        let last = try await CairnProcess.run("put", file.path, "--to", server.url, "--json")
        #expect(last.status == 0, "\(last.errors), seed \(seed)")
        let receipt = try JSONSerialization.jsonObject(with: last.output) as? [String: Any]
        let here = try await CairnProcess.run("id", file.path)
        #expect(here.text.hasPrefix(receipt?["contentId"] as? String ?? "-"), "seed \(seed)")
        await server.stop()
    }
}
