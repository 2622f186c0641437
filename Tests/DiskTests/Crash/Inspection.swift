import CairnContent
import CairnDisk
import CairnEngine
import NIOCore

/// Looks at a machine that came back after a power cut, and says everything that is not as it was promised.
struct Inspection: Sendable {
    let machine: Machine
    let expectations: [Witness.Expectation]
    var hasRemoval = false

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
        findings += try await rowsWithoutFile()
        findings += try await returned()
        return findings
    }

    /// The same once the collector has run on what power left.
    func findingsAfterCollection() async throws -> [String] {
        if let failure = await machine.engine.reclaim(Workload.pace).failure { return ["cannot collect: \(failure)"] }
        var findings = try await findings()
        let condemned = try await machine.books.condemned(among: nil, in: .standard, limit: 1)
        if !condemned.isEmpty { findings.append("a condemned chunk is left") }
        return findings
    }

    /// A chunk that the ledger has for good has its file.
    private func rowsWithoutFile() async throws -> [String] {
        let live = machine.books.liveChunks(in: .standard)
        return try await machine.directory.store.missing(from: live).map { "\($0) is known, and not there" }
    }

    /// What the ledger has known and forgotten is not there: nothing but a walk would ever find it.
    private func returned() async throws -> [String] {
        guard hasRemoval else { return [] }
        let all = Set(Self.digests(of: UInt8(Workload.removedStory)))
        let unknown = all.subtracting(try await machine.books.recorded(of: all, in: .standard))
        let missing = try await machine.directory.store.missing(from: unknown.sorted())
        return unknown.subtracting(missing).map { "\($0) was reclaimed and came back" }
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
        let space = try machine.disk.root("data").directory("ns").directory("default")
        let shelves = try space.directory("chunks")
        var findings: [String] = []
        for digest in Self.digests {
            // Asking the store, on its threads, for what has no name would take most of the time of a cut.
            let name = digest.description
            guard try shelves.directory(String(name.prefix(3))).names().contains(name) else { continue }
            do {
                guard let bytes = try await machine.directory.store.read(digest) else { continue }
                if Digest(hashing: bytes.readableBytesUInt8Span) == digest { continue }
                findings.append("\(digest) is the name of other bytes")
            } catch { findings.append("\(digest) is the name of other bytes: \(error)") }
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
    private static let digests = Set(Workload.contents.flatMap(digests)).sorted()

    static func digests(of content: UInt8) -> [Digest] {
        (0..<3).flatMap { index in
            [Workload.chunk, 1, 3, 5, 7, 9, 10, 30, 77].map { length in
                let range = (index * Workload.chunk)..<(index * Workload.chunk + length)
                return Digest(hashing: Workload.bytes(content, range).readableBytesUInt8Span)
            }
        }
    }
}
