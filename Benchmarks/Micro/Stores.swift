import Benchmark
import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import LedgerConformance
import Logging
import NIOCore

/// Footers, cycles of the store and commits of the ledger, in the system's temporary folder.
func measureStores() {
    let footer = ChunkFooter(Material.entries(1)[0], codec: .raw, storedLength: 65_536, payloadChecksum: 7)
    Benchmark("chunk footer, written and read", configuration: .thousand) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(ChunkFooter(footer.bytes)) }
    }
    for count in [1, 16] {
        Benchmark("store: \(count) chunks of 64 KiB made durable", configuration: .thousand) { benchmark in
            try await withDirectory { data in
                let chunks = (0..<count).map { Array(Material.noise[$0 * 65_536..<($0 + 1) * 65_536]) }
                var turn: UInt64 = 0
                benchmark.startMeasurement()
                for _ in benchmark.scaledIterations {
                    turn += 1
                    try await commit(chunks, turn, to: data.store)
                }
                benchmark.stopMeasurement()
            }
        }
        Benchmark("ledger: an upload of \(count) entries committed", configuration: .thousand) { benchmark in
            try await withDirectory { data in
                let ledger = try await data.openLedger(logger: silent)
                benchmark.startMeasurement()
                for _ in benchmark.scaledIterations {
                    let upload = LedgerSamples.upload(0..<count)
                    try await ledger.commit([.write(upload, entries: (0..<count).map(LedgerSamples.chunk))])
                }
                benchmark.stopMeasurement()
                await ledger.close()
            }
        }
    }
}

private let silent = Logger(label: "micro") { _ in SwiftLogNoOpLogHandler() }

/// New bytes in each turn, hashed as the engine does.
private func commit(_ chunks: [[UInt8]], _ turn: UInt64, to store: DiskStore) async throws {
    var verified: [VerifiedChunk] = []
    for var bytes in chunks {
        for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: turn >> (8 * UInt64(place))) }
        let draft = try await store.draft(continuing: nil)
        try await draft.append(ByteBuffer(bytes: bytes))
        let entry = Entry(digest: Digest(hashing: bytes.span), length: bytes.count)
        verified.append(VerifiedChunk(entry: entry, draft: draft))
    }
    for verdict in await store.commit(verified) { _ = try verdict.get() }
}

private func withDirectory(_ work: (DataDirectory) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "micro-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }  // what is left lies in a temporary place
    let data = try await DataDirectory.open(path, logger: silent, forced: true)
    do {
        try await work(data)
        await data.close()
    } catch {
        await data.close()
        throw error
    }
}
