import CairnContent
import CairnDisk
import CairnEngine
import Logging
import NIOCore
import Randomness
import Testing

/// A logger that nobody reads.
let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension DataDirectory {
    /// Opens the data directory of a simulated file system, its calls in one order.
    static func open(_ fileSystem: SimulatedFileSystem) async throws -> DataDirectory {
        try await open("/data", on: fileSystem, threads: DiskThreads(oneForAll: ()), logger: silent)
    }
}

/// Opens a store on a file system, hands it out, and closes it.
@discardableResult
func withStore<Value>(
    on fileSystem: SimulatedFileSystem, _ work: (DiskStore) async throws -> Value
) async throws -> Value {
    let data = try await DataDirectory.open(fileSystem)
    do {
        let value = try await work(data.store)
        await data.close()
        return value
    } catch {
        await data.close()
        throw error
    }
}

/// Three that never change and one that is new in every run; a failing test names its own.
let seeds: [UInt64] = [1, 2, 3, .random(in: .min ... .max)]

/// Bytes that do not compress; the same number gives the same bytes.
func noise(_ number: UInt64, _ length: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: number)
    return generator.bytes(length)
}

/// Bytes that compress well.
func lines(_ length: Int) -> [UInt8] { (0..<length).map { UInt8(truncatingIfNeeded: $0 / 40 % 7 + $0 % 5) } }

/// A record of a complete file of three chunks.
func record(_ id: UploadID = UploadID(), named name: String) throws -> FileRecord {
    let entries = (0..<3 as Range<UInt64>).map { Entry(digest: Entry(of: noise($0, 10)).digest, length: 65_536) }
    return FileRecord(
        id: id, owner: .everyone, created: Timestamp(seconds: 1_700_000_000), metadata: Metadata(name: name),
        manifest: try Manifest(chunkSize: .minimum, entries: entries))
}

extension Entry {
    init(of bytes: [UInt8]) { self.init(digest: Digest(hashing: bytes.span), length: bytes.count) }
}

extension Tail {
    init(_ bytes: [UInt8], _ name: TailName) { self.init(entry: Entry(of: bytes), name: name) }
}

extension ChunkDraft {
    func append(_ bytes: [UInt8]) async throws { try await append(ByteBuffer(bytes: bytes)) }
}

extension ChunkStore where Self: TailStore {
    /// A draft that holds `bytes`.
    func draft(_ bytes: [UInt8]) async throws -> any ChunkDraft {
        let draft = try await draft(continuing: nil)
        try await draft.append(bytes)
        return draft
    }

    /// Commits the chunk that `draft` holds.
    @discardableResult
    func keep(_ draft: any ChunkDraft, as bytes: [UInt8]) async throws -> StoredChunk {
        let verdicts = await commit([VerifiedChunk(entry: Entry(of: bytes), draft: draft)], anew: false)
        return try #require(verdicts.first).get()
    }

    @discardableResult
    func keep(_ bytes: [UInt8]) async throws -> StoredChunk { try await keep(try await draft(bytes), as: bytes) }

    /// The chunk that these bytes are, as the store has it.
    func chunk(_ bytes: [UInt8]) async throws -> [UInt8]? {
        try await read(Entry(of: bytes).digest).map { Array($0.readableBytesView) }
    }

    func bytes(of tail: Tail) async throws -> [UInt8]? { try await read(tail).map { Array($0.readableBytesView) } }
}

extension FileSystem {
    /// The directory where the chunk of these bytes lies.
    func folder(of bytes: [UInt8]) throws -> any Directory {
        let chunks = try root("/data").directory("ns").directory("default").directory("chunks")
        return try chunks.directory(String(Digest(hashing: bytes.span).description.prefix(3)))
    }

    /// The file of the chunk of these bytes.
    func chunkFile(of bytes: [UInt8]) throws -> any OpenFile {
        try folder(of: bytes).file(Digest(hashing: bytes.span).description, for: .writing)
    }
}

extension OpenFile {
    var bytes: [UInt8] {
        get throws { Array(try read(try length(), at: 0).readableBytesView) }
    }

    /// Makes the file hold exactly these bytes.
    func replace(with bytes: [UInt8]) throws {
        try truncate(to: 0)
        try write(bytes.span, at: 0)
    }
}
