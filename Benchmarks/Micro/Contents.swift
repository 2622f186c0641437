import Benchmark
import CairnContent
import CairnEngine
import Foundation
import Hashing

/// Bytes: hashed, cut, packed.
func measureBytes() {
    let noise = Material.noise
    Benchmark("SHA-256 of 1 MiB", configuration: .single) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(Digest(hashing: noise.span)) }
    }
    Benchmark("CRC32C of 1 MiB", configuration: .single) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(CRC32C.checksum(noise.span)) }
    }
    Benchmark("chunker, 1 MiB in parts of 64 KiB, chunks of 64 KiB", configuration: .single) { benchmark in
        for _ in benchmark.scaledIterations {
            var chunker = Chunker(chunkSize: .minimum)
            for start in stride(from: 0, to: noise.count, by: 65_536) {
                chunker.consume(noise.span.extracting(start..<start + 65_536)) { blackHole($0) }
            }
        }
    }
    for (name, content) in [("noise", noise), ("log lines", Material.lines), ("zeros", Material.zeros)] {
        Benchmark("LZ4 of 1 MiB of \(name), tried", configuration: .single) { benchmark in
            for _ in benchmark.scaledIterations {
                blackHole(ChunkBlock.pays(content.span) ? ChunkBlock.encoding(content.span) : nil)
            }
        }
    }
    Benchmark("LZ4 of 1 MiB of log lines, taken apart", configuration: .single) { benchmark in
        guard let block = ChunkBlock.encoding(Material.lines.span) else { return benchmark.error("not packed") }
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(ChunkBlock.decode(block.span, to: Material.length)) }
    }
}

/// Entries: trees over them, and manifests.
func measureEntries() {
    for count in [1, 1024, 262_144] {
        Benchmark("prefix digest of \(count) entries, from nothing", configuration: .single) { benchmark in
            let entries = Material.entries(count)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { blackHole(Run(entries).prefixDigest()) }
        }
        Benchmark("prefix digest of \(count) entries and one more", configuration: .single) { benchmark in
            let run = Run(Material.entries(count))
            let entry = Material.entries(1)[0]
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                var run = run
                run.append(entry)
                blackHole(run.prefixDigest())
            }
        }
    }
    let entries = Material.entries(1024)
    guard let manifest = try? Manifest(chunkSize: .minimum, entries: entries) else { return }
    Benchmark("inclusion proof among 1,024 entries", configuration: .single) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(MerkleTree.inclusionProof(of: 700, in: entries)) }
    }
    Benchmark("manifest of 1,024 entries, written as bytes", configuration: .single) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(manifest.bytes) }
    }
    Benchmark("manifest of 1,024 entries, read from bytes", configuration: .single) { benchmark in
        let bytes = manifest.bytes
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try Manifest(bytes: bytes.span)) }
    }
    Benchmark("manifest of 1,024 entries, written as JSON", configuration: .single) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(manifest.json) }
    }
    Benchmark("manifest of 1,024 entries, read from JSON", configuration: .single) { benchmark in
        let json = manifest.json
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try JSONDecoder().decode(Manifest.self, from: Data(json))) }
    }
}
