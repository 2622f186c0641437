import CairnProcess
import Foundation
import Randomness
import RawHTTP
import Testing

@Suite(.serialized) struct `Many bytes and many clients` {
    @Test func `the server stays under 200 MiB while 64 uploads arrive at once`() async throws {
        let data = try TemporaryFolder()
        let server = try await ServerProcess(data: data.url)
        let journeys = (0..<64).map { number in
            var random = SeededGenerator(seed: UInt64(number))
            return Journey(server: server, name: "file-\(number)", content: random.bytes(9 << 20))
        }
        let locations = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for (number, journey) in journeys.enumerated() {
                group.addTask {
                    let answer = try await journey.send(journey.content.count, from: 0).readFinal()
                    #expect(answer.status == 200)
                    return (number, try #require(answer["Location"]))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let peak = try server.peakMemory()
        for (number, location) in locations {
            #expect(try await journeys[number].download(location) == journeys[number].content)
        }
        print("64 uploads of 9 MiB at once: \(peak >> 20) MiB resident at most")
        #expect(peak < 200 << 20)
        await server.stop()
    }

    @Test func `32 clients racing on one upload leave exactly one history`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let data = try TemporaryFolder()
        let server = try await ServerProcess(data: data.url, "--chunk-size", "65536")
        let journey = Journey(server: server, name: "shared", content: random.bytes(6 << 20))
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<32 { group.addTask { await race(journey, seed: seed &+ UInt64(client)) } }
        }
        let answer = try await journey.send(0, from: journey.content.count).readFinal()
        #expect(answer.status == 200, "seed \(seed)")
        let location = try #require(answer["Location"])
        #expect(try await journey.download(location) == journey.content, "seed \(seed)")
        await server.stop()
    }

    /// Asks and sends until the file is there; whoever is taken over or refused asks again.
    private func race(_ journey: Journey, seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        var highest = 0
        for _ in 0..<10_000 where highest < journey.content.count {
            guard let offset = try? await journey.offset() else { continue }  // cut by a newer question
            #expect(offset >= highest, "an offset fell, seed \(seed)")
            highest = offset
            let length = Int.random(in: 0...min(journey.content.count - offset, 1 << 20), using: &random)
            guard let connection = try? await journey.send(length, from: offset) else { continue }
            try? await Task.sleep(for: .milliseconds(Int.random(in: 0...20, using: &random)))
            try? await connection.close()  // the server may have closed first
        }
    }
}
