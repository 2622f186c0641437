import CairnContent
import CairnDisk
import CairnEngine
import NIOCore

/// Looks at a machine that came back after a power cut, and says everything that is not as it was promised.
struct Inspection: Sendable {
    let machine: Machine
    let expectations: [Witness.Expectation]

    /// The broken promises, in words; none when all is well.
    func findings() async throws -> [String] {
        _ = try await machine.engine.expire()  // what a start does first
        var findings: [String] = []
        for (story, expectation) in expectations.enumerated() {
            findings += expectation.falsehoods
            findings += try await look(at: story, expectation)
        }
        findings += try await wrongChunks()
        findings += try await filesWithoutRecord()
        return findings
    }

    private func look(at story: Int, _ expectation: Witness.Expectation) async throws -> [String] {
        let found: Upload?
        do { found = try await machine.engine.resume(named: Workload.key(story), for: .everyone) } catch {
            return ["story \(story) cannot go on: \(error)"]
        }
        guard let upload = found else {
            return expectation.mayBeGone ? [] : ["story \(story) is gone: \(expectation)"]
        }
        guard upload.offset >= upload.acknowledged else {
            return ["story \(story): offset \(upload.offset), acknowledged \(upload.acknowledged)"]
        }
        let bytes: ByteBuffer
        do { bytes = try await content(of: upload) } catch { return ["story \(story) cannot be read: \(error)"] }
        let fits = expectation.candidates.contains { candidate in
            upload.offset >= candidate.acknowledged && (upload.state == .complete || !candidate.isFile)
                && bytes == Workload.bytes(candidate.content, 0..<Int(upload.offset))
        }
        return fits ? [] : ["story \(story): \(upload.offset) bytes, \(expectation)"]
    }

    private func content(of upload: Upload) async throws(StoreError) -> ByteBuffer {
        var content = ByteBuffer()
        for try await part in machine.engine.bytes(0..<upload.offset, of: upload) { content.writeImmutableBuffer(part) }
        return content
    }

    /// A name under `chunks/` implies the right bytes.
    private func wrongChunks() async throws -> [String] {
        var findings: [String] = []
        for digest in Self.digests {
            do {
                guard let bytes = try await machine.directory.store.read(digest) else { continue }
                if Digest(hashing: bytes.readableBytesUInt8Span) != digest { findings.append("\(digest) is another") }
            } catch { findings.append("\(digest): \(error)") }
        }
        return findings
    }

    /// A file that is complete in the ledger has its record, so that the ledger can be lost.
    private func filesWithoutRecord() async throws -> [String] {
        var findings: [String] = []
        for file in try await machine.engine.uploads(.complete, for: .everyone, limit: 100) {
            let id = "\(file.id)"
            let folder = try machine.disk.root("data").directory("ns").directory("default").directory("manifests")
            let names = try folder.directory(String(id.prefix(2))).names()
            if !names.contains(id) { findings.append("\(id) has no record") }
        }
        return findings
    }

    /// Every digest the workload can produce: of whole chunks and of last ones.
    private static let digests: [Digest] = {
        var digests: Set<Digest> = []
        for content in Array(0...9) + [100] as [UInt8] {
            for index in 0..<3 {
                let range = (index * Workload.chunk)..<((index + 1) * Workload.chunk)
                digests.insert(Digest(hashing: Workload.bytes(content, range).readableBytesUInt8Span))
                for rest in [1, 3, 5, 7, 9, 10, 30, 77] {
                    let range = (index * Workload.chunk)..<(index * Workload.chunk + rest)
                    digests.insert(Digest(hashing: Workload.bytes(content, range).readableBytesUInt8Span))
                }
            }
        }
        return digests.sorted()
    }()
}
