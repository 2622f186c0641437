import CairnContent
import CairnDisk
import CairnEngine
import NIOCore
import Synchronization

/// Ten uploads of every kind, one step after the other: appended in parts, cut, begun anew with the same bytes and with
/// others, continued after their end, sharing chunks, removed.
struct Workload: Sendable {
    enum Step: Sendable {
        /// Bytes of the content from where the server says they go on, up to an offset.
        case append(upTo: Int, isCut: Bool = false, isLast: Bool = false)
        /// The content from its start, up to an offset.
        case startOver(content: UInt8, upTo: Int, isCut: Bool)
        case remove
    }

    static let chunk = ChunkSize.minimum.length

    static let stories: [[Step]] = [
        [.append(upTo: 2 * chunk + 5, isLast: true)],
        [.append(upTo: 100, isCut: true), .append(upTo: 300, isCut: true), .append(upTo: chunk + 1, isLast: true)],
        [.append(upTo: chunk, isCut: true), .append(upTo: 2 * chunk, isLast: true)],
        [.append(upTo: 0, isLast: true)],
        [
            .append(upTo: 2 * chunk + 9, isCut: true), .startOver(content: 4, upTo: chunk + 7, isCut: true),
            .append(upTo: 3 * chunk, isLast: true),
        ],
        [
            .append(upTo: chunk + 9, isCut: true), .startOver(content: 100, upTo: 50, isCut: true),
            .append(upTo: chunk + 77, isLast: true),
        ],
        [.append(upTo: chunk + 10), .append(upTo: chunk + 30), .append(upTo: 2 * chunk)],
        [.append(upTo: chunk + 3, isLast: true), .remove],
        [.append(upTo: 40, isCut: true), .append(upTo: 80, isCut: true), .append(upTo: 120, isCut: true)],
        [.append(upTo: 2 * chunk + 5, isLast: true)],
    ]

    /// The first and the last story are of the same bytes.
    static func content(of story: Int) -> UInt8 { story == 9 ? 0 : UInt8(story) }

    /// Every content of the stories. What is left after a cut is compared with them, hundreds of thousands of times.
    static let contents = Array(0...9) + [100] as [UInt8]

    private static let kept = Dictionary(uniqueKeysWithValues: contents.map { ($0, make($0)) })

    private static func make(_ content: UInt8) -> ByteBuffer {
        ByteBuffer(
            bytes: (0..<3 * chunk).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ $0 / 127) ^ (Int(content) &* 37)) })
    }

    /// - Parameter range: In the first three chunks.
    static func bytes(_ content: UInt8, _ range: Range<Int>) -> ByteBuffer {
        let whole = kept[content] ?? make(content)
        guard let bytes = whole.getSlice(at: range.lowerBound, length: range.count) else {
            preconditionFailure("a content is three chunks long")
        }
        return bytes
    }

    static func key(_ story: Int) -> UploadKey { UploadKey("story-\(story)", of: .everyone) }

    /// The story whose file is removed, and whose bytes nobody else sends.
    static let removedStory = 7

    /// All that goes by what the ledger knows, and no walk through the shelves: nothing may come to need one.
    static let pace = Pace(shelves: 0, trashParts: 0, isThorough: true, rest: 0)

    /// Runs the stories step by step in turns, and the collector after each turn, until the power goes; `witness` hears
    /// what clients hear.
    static func run(on engine: Engine, _ witness: Witness) async {
        let most = stories.map(\.count).max() ?? 0
        for turn in 0..<most {
            for (story, steps) in stories.enumerated() where turn < steps.count {
                await run(steps[turn], of: story, on: engine, witness)
            }
            _ = await engine.reclaim(pace)
        }
    }

    private static func run(_ step: Step, of story: Int, on engine: Engine, _ witness: Witness) async {
        do {
            switch step {
            case .append(let end, let isCut, let isLast):
                let upload = try await engine.resume(named: key(story), for: .everyone)
                let content = upload.map { witness.heard(story, $0.prefix) } ?? witness.newest(story)
                let start = Int(upload?.offset ?? 0)
                guard let content, start <= end else { return }
                try await append(content, start..<end, isCut, isLast ? Int64(end) : nil, story, engine, witness)
            case .startOver(let content, let end, let isCut):
                witness.startsOver(story, content)
                try await append(content, 0..<end, isCut, nil, story, engine, witness)
            case .remove:
                guard let upload = try await engine.resume(named: key(story), for: .everyone) else { return }
                witness.removes(story)
                try await engine.cancel(upload.id, for: .everyone)
                witness.removed(story)
            }
        } catch {}  // the power is gone: nobody hears anything any more
    }

    private static func append(
        _ content: UInt8, _ range: Range<Int>, _ isCut: Bool, _ length: Int64?, _ story: Int, _ engine: Engine,
        _ witness: Witness
    ) async throws(UploadError) {
        let append = Append(
            at: Int64(range.lowerBound), declaredLength: length, bodyLength: Int64(range.count + (isCut ? 1 : 0)),
            ending: .whole)
        do throws(UploadError) {
            let body = OneBody(bytes: bytes(content, range))
            let upload = try await engine.append(append, body: body, named: key(story), for: .everyone)
            witness.heard(story, upload.prefix, isFile: upload.state == .complete)
        } catch .bodyCut(let prefix) {
            witness.heard(story, prefix)
        }
    }
}

/// A body that comes at once.
struct OneBody: AsyncSequence, Sendable {
    let bytes: ByteBuffer

    struct AsyncIterator: AsyncIteratorProtocol {
        var bytes: ByteBuffer?

        mutating func next() async throws -> ByteBuffer? {
            defer { bytes = nil }
            return bytes
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes) }
}

/// What clients have been told, and so what must still be there.
final class Witness: Sendable {
    /// One thing that may rightly stand under a story's name.
    struct Candidate: Hashable, Sendable {
        var content: UInt8
        var acknowledged: Int64 = 0
        var isFile = false
    }

    struct Expectation: Hashable, Sendable {
        var candidates: [Candidate]
        var mayBeGone = true
        /// What was told and cannot be true.
        var falsehoods: [String] = []
    }

    private let expectations: Mutex<[Expectation]>
    private let disk: SimulatedFileSystem
    private let wasRemoved = Mutex(false)

    /// Whether somebody has begun to remove a file that was complete.
    var hasRemoval: Bool { wasRemoved.withLock { $0 } }

    /// Hears only what is said while the machine has power.
    init(of disk: SimulatedFileSystem) {
        self.disk = disk
        expectations = Mutex(
            Workload.stories.indices.map {
                Expectation(candidates: [Candidate(content: Workload.content(of: $0))])
            })
    }

    var all: [Expectation] { expectations.withLock { $0 } }

    /// The content a client of this story would send next.
    func newest(_ story: Int) -> UInt8? { all[story].candidates.last?.content }

    /// A client was told this prefix. Returns of which content it is; of none is a broken promise.
    @discardableResult
    func heard(_ story: Int, _ prefix: Prefix, isFile: Bool = false) -> UInt8? {
        guard !disk.isOff else { return nil }
        return expectations.withLock { all in
            let told = all[story].candidates.last { Workload.prefix($0.content, Int(prefix.offset)) == prefix }
            guard var told else {
                all[story].falsehoods.append("told \(prefix) of no content there is")
                return nil
            }
            told.acknowledged = max(told.acknowledged, prefix.offset)
            told.isFile = told.isFile || isFile
            all[story].candidates = [told]
            all[story].mayBeGone = told.acknowledged == 0 && !told.isFile
            return told.content
        }
    }

    func startsOver(_ story: Int, _ content: UInt8) {
        guard !disk.isOff else { return }
        expectations.withLock { all in
            if !all[story].candidates.contains(where: { $0.content == content }) {
                all[story].candidates.append(Candidate(content: content))
            }
        }
    }

    func removes(_ story: Int) {
        guard !disk.isOff else { return }
        wasRemoved.withLock { $0 = true }
        expectations.withLock { $0[story].mayBeGone = true }
    }

    func removed(_ story: Int) {
        guard !disk.isOff else { return }
        expectations.withLock { $0[story] = Expectation(candidates: []) }
    }
}

extension Workload {
    /// What the engine must say of the first bytes of a content.
    static func prefix(_ content: UInt8, _ length: Int) -> Prefix {
        var rest = bytes(content, 0..<length)
        var run = Run()
        while let piece = rest.readSlice(length: chunk) {
            run.append(Entry(digest: Digest(hashing: piece.readableBytesUInt8Span), length: chunk))
        }
        let tail =
            rest.readableBytes == 0
            ? nil : Entry(digest: Digest(hashing: rest.readableBytesUInt8Span), length: rest.readableBytes)
        return Prefix(offset: Int64(length), digest: run.prefixDigest(tail: tail))
    }
}
