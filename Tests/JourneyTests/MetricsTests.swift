import CairnProcess
import Foundation
import Randomness
import RawHTTP
import Testing

@Suite(.serialized) struct `The figures of a server` {
    private func figures(_ port: Int) async throws -> [String: Double] {
        let answer = try await RawConnection.ask(port, "GET /metrics HTTP/1.1\nHost: localhost\n\n")
        #expect(answer.status == 200)
        return answer.text.split(separator: "\n").reduce(into: [:]) { figures, line in
            let halves = line.split(separator: " ")
            if halves.count == 2 { figures[String(halves[0])] = Double(halves[1]) }
        }
    }

    @Test func `tell what was stored anew, what was there, how it packed, and what was made durable`() async throws {
        let data = try TemporaryFolder()
        let server = try await ServerProcess(data: data.url)
        var random = SeededGenerator(seed: 1)
        // One chunk that packs to almost nothing, one that does not pack.
        let content = [UInt8](repeating: 7, count: 4 << 20) + random.bytes(1 << 20)
        for name in ["a", "b"] {
            let head = "PUT /files/\(name) HTTP/1.1\nHost: localhost\nContent-Length: \(content.count)\n\n"
            #expect(try await RawConnection.ask(server.port, head, body: content).status == 201)
        }
        let found = try await figures(server.port)
        #expect(found[#"cairn_stored_chunks_total{was="new"}"#] == 2)
        #expect(found[#"cairn_stored_chunks_total{was="standing"}"#] == 2)
        #expect(found[#"cairn_stored_plain_bytes_total{was="new"}"#] == Double(content.count))
        #expect(found[#"cairn_stored_plain_bytes_total{was="standing"}"#] == Double(content.count))
        let packed = found["cairn_stored_packed_bytes_total"] ?? 0
        #expect(packed > 1_048_576 && packed < 1_200_000)
        #expect(found["cairn_commit_cycle_files_sum"] ?? 0 >= 4)
        for name in [
            #"cairn_sync_seconds_count{of="data"}"#, #"cairn_sync_seconds_count{of="directories"}"#,
            "cairn_ledger_transaction_seconds_count", "cairn_ledger_batch_commits_sum",
            #"cairn_collections_total{end="whole"}"#,
        ] {
            #expect(found[name] ?? 0 > 0, "\(name)")
        }
        await server.stop()
    }
}
