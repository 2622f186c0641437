import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Randomness
import Testing

/// Sixteen clients and the collector on one real store, the collector back to back.
///
/// `make soak` runs it for as long as the bars say; within `make test` it is short.
@Suite(.serialized) struct `A store that is used and collected at once` {
    @Test func `loses no chunk, and keeps none that nothing refers to`() async throws {
        let length = Soak.Length.ofEnvironment
        let seed = UInt64.random(in: 0...UInt64.max)
        try await withRealData { data in
            let ledger = try await data.openLedger(logger: silent)
            let soak = Soak(data.store, ledger)
            await soak.run(length, seed: seed)
            let rest = try await soak.rest()
            print(
                """
                soak: \(soak.tally.requests) requests, \(soak.tally.cycles) collections, \
                \(soak.tally.reclaimed.chunks) chunks reclaimed and \(soak.tally.reclaimed.strays) strays; \
                \(soak.tally.findings.count) findings, \(rest.unreachable) unreachable and \(rest.missing) missing of \
                \(rest.referred) chunks at rest, seed \(seed)
                """)
            #expect(soak.tally.findings == [], "seed \(seed)")
            #expect(rest == Soak.Rest(referred: rest.referred), "seed \(seed)")
            #expect(soak.tally.reclaimed.chunks > 0)
            #expect(rest.referred > 0)
            await ledger.close()
        }
    }

    @Test func `keeps one file of one chunk that 256 clients bring at once, while it is removed again and again`()
        async throws
    {
        try await withRealData { data in
            let ledger = try await data.openLedger(logger: silent)
            let soak = Soak(data.store, ledger)
            let bytes = ByteBuffer(bytes: noise(1, ChunkSize.minimum.length))
            let collecting = Task { while !Task.isCancelled { await soak.collect() } }
            for round in 0..<5 {
                let files = try await withThrowingTaskGroup(of: Upload.self) { group in
                    for _ in 0..<256 { group.addTask { try await soak.create(bytes) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(files.count == 256)
                for file in files { #expect(try await soak.content(of: file) == bytes) }
                #expect(try await soak.rest(collecting: false).present == 1, "round \(round)")
                for file in files { try await soak.engine.cancel(file.id, for: .everyone) }
            }
            collecting.cancel()
            await collecting.value
            #expect(try await soak.rest() == Soak.Rest())
            await ledger.close()
        }
    }

    @Test func `takes after expiry and one collection no more than its live files do`() async throws {
        try await withRealData { data in
            let ledger = try await data.openLedger(logger: silent)
            let soak = Soak(data.store, ledger)
            for number in 0..<30 as Range<UInt64> {
                _ = try await soak.create(ByteBuffer(bytes: noise(number, 3 * Soak.chunk)))
            }
            let live = try data.usage()
            for number in 100..<160 as Range<UInt64> {
                let id = try await soak.engine.begin(by: .everyone).id
                let body = OneBody(bytes: ByteBuffer(bytes: noise(number, 2 * Soak.chunk + 999)))
                _ = try await soak.engine.append(Append(at: 0), body: body, to: id, for: .everyone)
            }
            #expect(try data.usage() > 2 * live)
            soak.time.pass(Limits().idle)
            #expect(try await soak.engine.expire() == 60)
            _ = await soak.engine.reclaim()
            let left = try data.usage()
            print("abandoned: \(live) bytes live, \(left) after expiry and one collection")
            #expect(abs(left - live) * 100 <= live)
            await ledger.close()
        }
    }
}

/// What the clients and the collector do, and what they saw.
final class Soak: Sendable {
    /// How long it goes on: until each of these is reached.
    struct Length: Sendable {
        var requests = 3000
        var cycles = 20
        var duration = Duration.zero

        /// As `CAIRN_SOAK_SECONDS` says; then with as many requests and collections as the bar asks for.
        static var ofEnvironment: Length {
            guard let text = ProcessInfo.processInfo.environment["CAIRN_SOAK_SECONDS"], let seconds = Int(text) else {
                return Length()
            }
            return Length(requests: 100_000, cycles: 500, duration: .seconds(seconds))
        }
    }

    struct Tally: Sendable {
        var requests = 0
        var cycles = 0
        var reclaimed = Reclaimed()
        var findings: [String] = []
    }

    /// What is there when nobody does anything any more.
    struct Rest: Equatable, Sendable {
        var referred = 0
        /// Chunks that entries refer to and that are not there.
        var missing = 0
        /// Chunk files that no entry refers to, tails without an upload, and what lies in the trash.
        var unreachable = 0
        var present = 0

        init(referred: Int = 0) {
            self.referred = referred
            present = referred
        }
    }

    static let chunk = ChunkSize.minimum.length

    let engine: Engine
    let time = SoakTime()
    private let store: DiskStore
    private let ledger: SQLLedger
    private let state = NIOLockedValueBox(Tally())

    var tally: Tally { state.withLock { $0 } }

    init(_ store: DiskStore, _ ledger: SQLLedger) {
        var limits = Limits()
        limits.trash = .zero
        limits.batchLength = Self.chunk
        self.store = store
        self.ledger = ledger
        engine = Engine(
            store: store, ledger: ledger, limits: limits, chunkSize: .minimum,
            now: { [time] in time.now }, logger: silent)
    }

    func run(_ length: Length, seed: UInt64) async {
        let end = ContinuousClock.now.advanced(by: length.duration)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { while !self.isOver(length, end) { await self.collect() } }
            for client in 0..<16 as Range<UInt64> {
                group.addTask {
                    var client = SoakClient(self, SeededGenerator(seed: seed &+ client), number: client)
                    while !self.isOver(length, end) {
                        do { try await client.step() } catch { self.find("client \(client.number): \(error)") }
                    }
                }
            }
        }
    }

    private func isOver(_ length: Length, _ end: ContinuousClock.Instant) -> Bool {
        state.withLock {
            !$0.findings.isEmpty
                || $0.requests >= length.requests && $0.cycles >= length.cycles
                    && ContinuousClock.now >= end
        }
    }

    func collect() async {
        let done = await engine.reclaim(Pace(shelves: 256, trashParts: 16, isThorough: true, rest: 0))
        state.withLock { state in
            state.cycles += 1
            state.reclaimed.chunks += done.chunks
            state.reclaimed.strays += done.strays
            if let failure = done.failure { state.findings.append("collector: \(failure)") }
        }
    }

    func find(_ what: String) { state.withLock { $0.findings.append(what) } }

    func count() { state.withLock { $0.requests += 1 } }

    func create(_ bytes: ByteBuffer) async throws -> Upload {
        count()
        return try await engine.create(Append(at: 0, ending: .whole), body: OneBody(bytes: bytes), by: .everyone)
    }

    func content(of file: Upload) async throws -> ByteBuffer {
        count()
        var content = ByteBuffer()
        for try await part in engine.bytes(0..<file.offset, of: file) { content.writeImmutableBuffer(part) }
        return content
    }

    /// Looks at everything, after one more collection.
    func rest(collecting: Bool = true) async throws -> Rest {
        if collecting, let failure = await engine.reclaim().failure { throw failure }
        var referred: Set<Digest> = []
        for state in [Upload.State.open, .complete] {
            for upload in try await engine.uploads(state, for: .everyone, limit: 100_000) {
                let known = try await ledger.known(of: upload.id, in: 0..<upload.entryCount)
                referred.formUnion(known.filter(\.isPresent).map(\.entry.digest))
            }
        }
        var present: Set<Digest> = []
        for shelf in 0..<4096 { present.formUnion(try await store.chunks(on: shelf)) }
        var rest = Rest(referred: referred.count)
        rest.present = present.count
        rest.missing = referred.subtracting(present).count
        rest.unreachable = present.subtracting(referred).count
        for part in 0..<256 {
            rest.unreachable += try await store.emptyTrash(part, at: time.now, olderThan: .zero, limit: 1000)
        }
        return rest
    }
}

/// A wall clock that moves when it is told to.
final class SoakTime: Sendable {
    private let moment = NIOLockedValueBox(Timestamp(seconds: 1_700_000_000))

    var now: Timestamp { moment.withLock { $0 } }

    func pass(_ duration: Duration) { moment.withLock { $0 = $0.advanced(by: duration) } }
}

/// One client: begins, breaks off, goes on, names, cancels, removes and reads, half of it what others have too.
private struct SoakClient {
    let number: UInt64
    private let soak: Soak
    private var random: SeededGenerator
    private var files: [(upload: Upload, bytes: ByteBuffer)] = []

    init(_ soak: Soak, _ random: SeededGenerator, number: UInt64) {
        self.soak = soak
        self.random = random
        self.number = number
    }

    private static let kinds = (0..<24 as Range<UInt64>).map { ByteBuffer(bytes: noise($0, Soak.chunk)) }

    /// One to four chunks, half of them of those that all clients have.
    private mutating func content() -> [ByteBuffer] {
        (0..<Int.random(in: 1...4, using: &random)).map { _ in
            if Bool.random(using: &random) { return Self.kinds.randomElement(using: &random) ?? ByteBuffer() }
            return ByteBuffer(bytes: noise(1000 + number * 8 + UInt64.random(in: 0..<8, using: &random), Soak.chunk))
        }
    }

    mutating func step() async throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: try await whole()
        case 2, 3: try await named()
        case 4: try await resumed()
        case 5: try await cancelled()
        case 6: try await wrong()
        case 7: try await read()
        default: try await remove()
        }
        if files.count > 6 { try await remove() }
    }

    private mutating func whole() async throws {
        let bytes = Self.joined(content())
        files.append((try await soak.create(bytes), bytes))
    }

    private mutating func named() async throws {
        let chunks = content()
        let digests = chunks.map { Digest(hashing: $0.readableBytesUInt8Span) }
        soak.count()
        let id = try await soak.engine.begin(declaredLength: Int64(chunks.count * Soak.chunk), by: .everyone).id
        soak.count()
        let segment = try await soak.engine.name(digests, from: 0, in: id, for: .everyone)
        for index in segment.missing.indices {
            soak.count()
            _ = try await soak.engine.put(
                Put(digests[index]), body: OneBody(bytes: chunks[index]), to: id, for: .everyone)
        }
        soak.count()
        let file = try await soak.engine.complete(id, for: .everyone).file
        files.append((file, Self.joined(chunks)))
    }

    /// In two requests, the second with all that the first did not bring.
    private mutating func resumed() async throws {
        let bytes = Self.joined(content())
        let cut = Int.random(in: 0..<bytes.readableBytes, using: &random)
        soak.count()
        let id = try await soak.engine.begin(declaredLength: Int64(bytes.readableBytes), by: .everyone).id
        let first = bytes.getSlice(at: 0, length: cut) ?? ByteBuffer()
        soak.count()
        _ = try await soak.engine.append(Append(at: 0), body: OneBody(bytes: first), to: id, for: .everyone)
        soak.count()
        let upload = try await soak.engine.resume(id, for: .everyone)
        guard upload.offset == Int64(cut), upload.state == .open else {
            return soak.find("\(cut) bytes were brought, and \(upload.offset) are told")
        }
        let rest = bytes.getSlice(at: cut, length: bytes.readableBytes - cut) ?? ByteBuffer()
        soak.count()
        let file = try await soak.engine.append(
            Append(at: Int64(cut)), body: OneBody(bytes: rest), to: id, for: .everyone)
        files.append((file, bytes))
    }

    private mutating func cancelled() async throws {
        let bytes = Self.joined(content())
        soak.count()
        let id = try await soak.engine.begin(by: .everyone).id
        soak.count()
        _ = try await soak.engine.append(Append(at: 0), body: OneBody(bytes: bytes), to: id, for: .everyone)
        soak.count()
        try await soak.engine.cancel(id, for: .everyone)
    }

    /// A body that is not what it was said to be: its chunks are kept, and nothing refers to them.
    private mutating func wrong() async throws {
        var append = Append(at: 0, ending: .whole)
        append.bodyDigest = Digest(hashing: [1].span)
        soak.count()
        do throws(UploadError) {
            _ = try await soak.engine.create(append, body: OneBody(bytes: Self.joined(content())), by: .everyone)
            soak.find("a wrong body was taken")
        } catch {
            guard case .digestMismatch = error else { throw error }
        }
    }

    private mutating func read() async throws {
        guard let (file, bytes) = files.randomElement(using: &random) else { return }
        if try await soak.content(of: file) != bytes { soak.find("\(file.id) has other bytes") }
    }

    private mutating func remove() async throws {
        guard let place = files.indices.randomElement(using: &random) else { return }
        let (file, bytes) = files.remove(at: place)
        if try await soak.content(of: file) != bytes { soak.find("\(file.id) has other bytes") }
        soak.count()
        try await soak.engine.cancel(file.id, for: .everyone)
    }

    private static func joined(_ chunks: [ByteBuffer]) -> ByteBuffer {
        chunks.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
    }
}

extension DataDirectory {
    /// What chunks, tails, trash and records take, in bytes.
    fileprivate func usage() throws -> Int {
        let root = URL(filePath: ledgerPath).deletingLastPathComponent()
        var length = 0
        for folder in ["ns", "tails", "trash", "tmp"] {
            let walk = FileManager.default.enumerator(
                at: root.appending(path: folder), includingPropertiesForKeys: [.isRegularFileKey, .fileSizeKey])
            while let file = walk?.nextObject() as? URL {
                let values = try file.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
                if values.isRegularFile == true { length += values.fileSize ?? 0 }
            }
        }
        return length
    }
}
