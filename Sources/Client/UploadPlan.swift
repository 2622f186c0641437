package import CairnContent
package import NIOCore

/// What of one source is digested, named, missing and sent. Decides what comes next; neither waits nor reads.
///
/// Chunks are read in order, named in segments as they are digested, and sent when the server lacks them. Their bytes
/// are held from the reading to the acknowledgement, in a window that bounds the memory of the whole.
package struct UploadPlan: Sendable {
    package struct Rules: Sendable {
        package let chunkSize: ChunkSize
        /// How many chunks are held at most.
        package let window: Int
        /// Whether the source can be read again, so that bytes need not be held for a chunk that is expected present.
        package let isRepeatable: Bool

        package init(chunkSize: ChunkSize, window: Int, isRepeatable: Bool) {
            self.chunkSize = chunkSize
            self.window = window
            self.isRepeatable = isRepeatable
        }
    }

    /// Entries to be named in one request.
    package struct Segment: Hashable, Sendable {
        package let range: Range<Int>
        package let entries: [Entry]
        /// The file's length in bytes, with the entries that end it.
        package let end: Int64?
    }

    /// A chunk to be sent.
    package struct Parcel: Sendable {
        package let index: Int
        package let entry: Entry
        /// Nil when it has to be read again.
        package let bytes: ByteBuffer?
    }

    /// The most entries in one request (spec/native.md, "Naming entries").
    package static let segmentLimit = 8192
    /// How many entries are in a segment at first, where nothing is expected to be missing; it doubles.
    package static let firstTarget = 16
    /// How far reading may be ahead of naming, in entries.
    package static let lead = 2 * segmentLimit

    package let rules: Rules
    /// Those digested without a gap.
    package private(set) var entries: [Entry]
    private var ahead: [Int: Entry] = [:]
    private var held: [Int: ByteBuffer] = [:]
    private var reading = 0
    /// The file's length in bytes, once it is known.
    private var end: Int64?
    /// Whether the server knows the length.
    private var isEndNamed: Bool
    package private(set) var named = 0
    private var isNaming = false
    private var isDue = false
    private var target = firstTarget
    private var expectsMissing = true
    /// Whether nothing is to be named or sent.
    private var onlyDigests = false
    private var queue: [Int] = []
    private var queued = 0
    /// Chunks handed out and not acknowledged.
    private var travelling = 0
    private var wanted: Set<Digest> = []
    /// Bytes of the file that the server has shown to have.
    package private(set) var acknowledged: Int64 = 0
    /// Bytes of the file that were missing there, each chunk counted once.
    package private(set) var lacking: Int64 = 0

    /// - Parameters:
    ///   - entries: Those that are known without reading.
    ///   - length: The file's, when it is known.
    package init(_ rules: Rules, entries: [Entry] = [], length: Int64? = nil) {
        self.rules = rules
        self.entries = entries
        end = length
        isEndNamed = length != nil
    }

    /// How many entries the file has, when its length is known.
    package var count: Int? {
        let chunkLength = Int64(rules.chunkSize.length)
        return end.map { Int(($0 + chunkLength - 1) / chunkLength) }
    }

    /// Whether all of it is digested.
    package var isDigested: Bool { entries.count == count }

    /// Whether chunks wait for a connection.
    package var isBusy: Bool { queued < queue.count }

    /// Whether every chunk that is missing has been handed out.
    package var isSentOut: Bool { isNamed && !isBusy }

    /// Whether the server has heard of all of it.
    package var isNamed: Bool { named == count && isEndNamed }
}

// MARK: Reading

extension UploadPlan {
    /// Whether another chunk may be read: false when all are, nil as long as there is no room.
    package mutating func room() -> Bool? {
        let begun = entries.count + ahead.count + reading
        if let count, begun >= count { return false }
        guard onlyDigests || begun - named < Self.lead, held.count + reading < rules.window else { return nil }
        reading += 1
        return true
    }

    /// The chunk at `index` is read and digested.
    package mutating func digested(_ index: Int, _ entry: Entry, _ bytes: ByteBuffer?) {
        reading -= 1
        ahead[index] = entry
        if expectsMissing || !rules.isRepeatable { held[index] = bytes }
        while let next = ahead.removeValue(forKey: entries.count) { entries.append(next) }
    }

    /// A chunk that there was room for does not exist: the source is `length` bytes long.
    package mutating func ended(at length: Int64) {
        reading -= 1
        end = length
    }

    /// Nothing is to be named or sent: only what the source is shall be known.
    package mutating func digestOnly() {
        onlyDigests = true
        expectsMissing = false
    }

    /// The source's length is known.
    package mutating func ends(at length: Int64) { end = length }
}

// MARK: Naming

extension UploadPlan {
    /// Some time has passed: whatever can be named shall be.
    package mutating func hurry() { isDue = named < entries.count }

    /// The next entries to be named, or nil as long as it is better to wait.
    ///
    /// - Parameters:
    ///   - lanes: How many connections want work.
    ///   - limit: The most entries of it.
    package mutating func segment(lanes: Int, limit: Int = segmentLimit) -> Segment? {
        guard !isNaming, !isNamed else { return nil }
        let count = min(entries.count - named, limit)
        let isLast = isDigested && named + count == entries.count
        guard count > 0 else { return isLast ? ending() : nil }
        // While every connection has work, a request is made for a third of the window, so that bodies get long.
        let isWorthIt = travelling < lanes || count >= max(1, rules.window / 3)
        let isHungry = expectsMissing && isWorthIt && queue.count - queued <= lanes / 2
        let isFull = !expectsMissing && held.count + reading >= rules.window
        guard isLast || isDue || isHungry || isFull || count >= min(target, limit) else { return nil }
        return naming(named..<named + count, end: isLast && !isEndNamed ? end : nil)
    }

    /// Where all entries were named before the end was known, the last one is named once more; none has no last.
    private mutating func ending() -> Segment? { naming(max(0, named - 1)..<named, end: end) }

    private mutating func naming(_ range: Range<Int>, end: Int64?) -> Segment {
        isNaming = true
        isDue = false
        return Segment(range: range, entries: Array(entries[range]), end: end)
    }

    /// The segment that was handed out is to be another.
    package mutating func cutAnew() {
        isNaming = false
        isDue = true
    }

    /// The server has heard of `segment` and lacks `missing` of it.
    package mutating func named(_ segment: Segment, missing: MissingIndices) {
        isNaming = false
        if segment.end != nil { isEndNamed = true }
        let lacking = Set(missing.indices)
        for index in segment.range where index >= named || lacking.contains(index) {
            guard lacking.contains(index) else {
                held[index] = nil
                acknowledged += Int64(entries[index].length)
                continue
            }
            want(index)
        }
        named = max(named, segment.range.upperBound)
        expectsMissing = missing.count > 0
        target = min(2 * target, Self.segmentLimit)
    }

    /// Queues the chunk, unless another entry of the same bytes brings it.
    private mutating func want(_ index: Int) {
        guard wanted.insert(entries[index].digest).inserted else { return held[index] = nil }
        lacking += Int64(entries[index].length)
        queue.append(index)
    }
}

// MARK: Sending

extension UploadPlan {
    /// The chunk at `index`, which is digested.
    package func parcel(_ index: Int) -> Parcel { Parcel(index: index, entry: entries[index], bytes: held[index]) }

    /// The next chunks to be sent: none when no more will come, nil as long as none is known.
    ///
    /// - Parameter limit: As many as have about this length in bytes together, at least one.
    package mutating func parcels(limit: Int) -> [Parcel]? {
        guard queued < queue.count else { return isNamed ? [] : nil }
        var (parcels, length): ([Parcel], Int) = ([], 0)
        while queued < queue.count, parcels.isEmpty || length + entries[queue[queued]].length <= limit {
            let index = queue[queued]
            parcels.append(parcel(index))
            length += entries[index].length
            queued += 1
        }
        travelling += parcels.count
        return parcels
    }

    /// The next chunks that follow one another in the file and are held.
    ///
    /// - Parameter limit: As many as have this length in bytes together, at least one.
    package mutating func run(limit: Int) -> [Parcel]? {
        guard var parcels = parcels(limit: 1) else { return nil }
        var length = parcels.first?.entry.length ?? 0
        while let last = parcels.last, last.bytes != nil, queued < queue.count, queue[queued] == last.index + 1,
            held[queue[queued]] != nil, length + entries[queue[queued]].length <= limit,
            let next = self.parcels(limit: 1)
        {
            parcels += next
            length += next[0].entry.length
        }
        return parcels
    }

    /// The server has acknowledged the chunk.
    package mutating func sent(_ parcel: Parcel) {
        held[parcel.index] = nil
        travelling -= 1
        acknowledged += Int64(parcel.entry.length)
    }

    /// The server has lost chunks that it had, or that were sent. Each is sent once, however many entries it has.
    package mutating func lost(_ indices: some Sequence<Int>) {
        var again: Set<Digest> = []
        for index in indices where entries.indices.contains(index) {
            let entry = entries[index]
            acknowledged -= min(acknowledged, Int64(entry.length))
            guard again.insert(entry.digest).inserted else { continue }
            if wanted.remove(entry.digest) != nil { lacking -= Int64(entry.length) }
            want(index)
        }
    }
}
