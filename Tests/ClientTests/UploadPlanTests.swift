import CairnClient
import CairnContent
import NIOCore
import Testing

@Suite struct `A plan of an upload` {
    private static let chunkLength = ChunkSize.minimum.length

    private static func entry(_ index: Int) -> Entry {
        Entry(digest: Digest(hashing: [UInt8(index % 256), UInt8(index / 256)].span), length: chunkLength)
    }

    private func plan(_ count: Int?, window: Int = 4, isRepeatable: Bool = true) -> UploadPlan {
        let rules = UploadPlan.Rules(chunkSize: .minimum, window: window, isRepeatable: isRepeatable)
        return UploadPlan(rules, length: count.map { Int64($0 * Self.chunkLength) })
    }

    /// What the plan decided; it has to decide something.
    private func found<Value>(_ value: Value?) throws -> Value { try #require(value) }

    /// Reads and digests the chunks of `range`, as far as there is room; returns how many that were.
    @discardableResult private func read(_ range: Range<Int>, _ plan: inout UploadPlan) -> Int {
        for index in range {
            guard plan.room() == true else { return index - range.lowerBound }
            plan.digested(index, Self.entry(index), ByteBuffer(bytes: [1]))
        }
        return range.count
    }

    @Test func `names the first chunk as soon as it is digested, and others when little is left to send`() throws {
        var plan = plan(100)
        read(0..<1, &plan)
        let first = try found(plan.segment(lanes: 4))
        #expect(first.range == 0..<1 && first.end == nil)
        let none = plan.segment(lanes: 4)
        #expect(none == nil, "one request at a time")
        plan.named(first, missing: MissingIndices(0..<1, in: 0..<1))
        read(1..<4, &plan)
        let second = plan.segment(lanes: 4)
        #expect(second?.range == 1..<4)
    }

    @Test func `waits with naming while enough is left to send`() throws {
        var plan = plan(100, window: 20)
        read(0..<10, &plan)
        let first = try found(plan.segment(lanes: 2))
        plan.named(first, missing: MissingIndices(0..<10, in: 0..<10))
        read(10..<15, &plan)
        let outcome1 = plan.segment(lanes: 2)
        #expect(outcome1 == nil)
        plan.hurry()
        let outcome2 = plan.segment(lanes: 2)
        #expect(outcome2?.range == 10..<15)
    }

    @Test func `names several at a time while every connection has work, and at once when one has none`() throws {
        var plan = plan(100, window: 12)
        read(0..<2, &plan)
        let first = try found(plan.segment(lanes: 2))
        plan.named(first, missing: MissingIndices(0..<2, in: 0..<2))
        let parcels = try [found(plan.parcels(limit: 1))[0], found(plan.parcels(limit: 1))[0]]
        read(2..<5, &plan)
        let early = plan.segment(lanes: 2)
        #expect(early == nil)
        var other = plan
        other.sent(parcels[1])
        #expect(other.segment(lanes: 2)?.range == 2..<5)
        read(5..<6, &plan)
        #expect(plan.segment(lanes: 2)?.range == 2..<6)
    }

    @Test func `names in growing segments where nothing is missing`() throws {
        var plan = plan(1000)
        var counts: [Int] = []
        for index in 0..<1000 {
            read(index..<index + 1, &plan)
            guard let segment = plan.segment(lanes: 4) else { continue }
            counts.append(segment.entries.count)
            plan.named(segment, missing: MissingIndices([], in: segment.range))
        }
        #expect(counts == [1, 32, 64, 128, 256, 512, 7])
        #expect(plan.isNamed && plan.acknowledged == Int64(1000 * Self.chunkLength))
    }

    @Test func `holds no more chunks than its window, until they are acknowledged`() throws {
        var plan = plan(100, window: 4)
        let outcome3 = read(0..<100, &plan)
        #expect(outcome3 == 4)
        let segment = try found(plan.segment(lanes: 1))
        plan.named(segment, missing: MissingIndices(0..<4, in: 0..<4))
        let outcome4 = read(4..<100, &plan)
        #expect(outcome4 == 0)
        let parcels = try found(plan.parcels(limit: 1))
        #expect(parcels.map(\.index) == [0] && parcels[0].bytes != nil)
        plan.sent(parcels[0])
        let outcome5 = read(4..<100, &plan)
        #expect(outcome5 == 1)
    }

    @Test func `lets a stream's chunks go only when they are known to be there`() throws {
        var plan = plan(nil, window: 4, isRepeatable: false)
        read(0..<1, &plan)
        let first = try found(plan.segment(lanes: 1))
        plan.named(first, missing: MissingIndices([], in: 0..<1))
        let outcome6 = read(1..<100, &plan)
        #expect(outcome6 == 4)
        let second = try found(plan.segment(lanes: 1))
        #expect(second.range == 1..<5, "a full window is named, or nothing would go on")
        plan.named(second, missing: MissingIndices([3], in: 1..<5))
        let outcome7 = try found(plan.parcels(limit: 1))
        #expect(outcome7.first?.bytes != nil)
    }

    @Test func `tells the end with the last entries, or with the last of them once more`() throws {
        var plan = plan(nil, isRepeatable: false)
        read(0..<2, &plan)
        let first = try found(plan.segment(lanes: 1))
        #expect(first.end == nil)
        plan.named(first, missing: MissingIndices([], in: 0..<2))
        let outcome8 = plan.room()
        #expect(outcome8 == true)
        plan.ended(at: Int64(2 * Self.chunkLength))
        let last = try found(plan.segment(lanes: 1))
        #expect(last.range == 1..<2 && last.end == Int64(2 * Self.chunkLength))
        #expect(!plan.isNamed)
        plan.named(last, missing: MissingIndices([], in: 1..<2))
        let outcome9 = plan.room()
        #expect(plan.isNamed && outcome9 == false)
        let outcome10 = plan.parcels(limit: 1)
        #expect(outcome10?.isEmpty == true)
    }

    @Test func `puts small chunks together, up to a limit`() throws {
        var plan = plan(10, window: 10)
        read(0..<10, &plan)
        let segment = try found(plan.segment(lanes: 1))
        plan.named(segment, missing: MissingIndices(0..<10, in: 0..<10))
        let parcels = try found(plan.parcels(limit: 3 * Self.chunkLength))
        #expect(parcels.map(\.index) == [0, 1, 2])
    }

    @Test func `sends what was lost once more, reading it anew`() throws {
        var plan = plan(2)
        read(0..<2, &plan)
        let segment = try found(plan.segment(lanes: 1))
        plan.named(segment, missing: MissingIndices([0], in: 0..<2))
        plan.sent(try found(plan.parcels(limit: 1))[0])
        let outcome11 = plan.parcels(limit: 1)
        #expect(outcome11?.isEmpty == true)
        plan.lost([0, 1])
        let again = try found(plan.parcels(limit: .max))
        #expect(again.map(\.index) == [0, 1] && again.allSatisfy { $0.bytes == nil })
    }

    @Test func `sends a lost chunk once, however many entries it has`() throws {
        var plan = plan(3)
        let entry = Entry(digest: Digest(hashing: [7].span), length: Self.chunkLength)
        for index in 0..<3 {
            _ = plan.room()
            plan.digested(index, entry, nil)
        }
        let segment = try found(plan.segment(lanes: 1))
        plan.named(segment, missing: MissingIndices([], in: 0..<3))
        plan.lost(0..<3)
        let again = try found(plan.parcels(limit: .max))
        #expect(again.map(\.index) == [0])
        #expect(plan.lacking == Int64(Self.chunkLength))
    }

    @Test func `digests all without holding any, when that is all that is wanted`() {
        var plan = plan(50_000)
        plan.digestOnly()
        let outcome12 = read(0..<50_000, &plan)
        #expect(outcome12 == 50_000)
        #expect(plan.isDigested)
    }
}

@Suite struct `The count of connections` {
    @Test func `grows while another one makes it faster, within the server's hint`() {
        var lanes = LaneCount(limit: 4)
        for rate in [50.0, 100, 150, 200, 300] { measure(rate, &lanes) }
        #expect(lanes.count == 4)
    }

    @Test func `grows to sixteen over a line that gives each the same, whose answers come in bursts`() {
        var lanes = LaneCount(limit: 16)
        for half in 1...1000 {
            // Every body is 16 MiB, and each lane's answer comes every 800 ms.
            let bodies = half % 2 == 0 ? lanes.count : 0
            lanes.measured(Int64(bodies) << 24, in: .milliseconds(400))
        }
        #expect(lanes.count == 16)
    }

    /// A second at `rate` MiB for long enough to count.
    private func measure(_ rate: Double, _ lanes: inout LaneCount) {
        lanes.measured(Int64(rate * 1_048_576) * 100, in: .seconds(100))
    }

    @Test func `goes back when another one does not help, and is tried again later`() {
        var lanes = LaneCount(limit: 16)
        measure(100, &lanes)
        #expect(lanes.count == 2)
        measure(104, &lanes)
        #expect(lanes.count == 1)
        for _ in 0..<20 { measure(1000, &lanes) }
        #expect(lanes.count == 1)
        measure(1000, &lanes)
        #expect(lanes.count == 2)
    }

    @Test func `is one on a slow line, and what the user asked for on any`() {
        var (lanes, fixed) = (LaneCount(limit: 16), LaneCount(fixed: 5))
        for _ in 0..<2 {
            lanes.brought(in: .milliseconds(10), slow: .seconds(1))
            fixed.brought(in: .milliseconds(10), slow: .seconds(1))
        }
        #expect(lanes.count == 3)
        lanes.brought(in: .seconds(2), slow: .seconds(1))
        fixed.brought(in: .seconds(2), slow: .seconds(1))
        for _ in 0..<10 { measure(100, &fixed) }
        #expect(lanes.count == 1)
        #expect(fixed.count == 5)
    }

    @Test(arguments: [-1, 0, 1]) func `is never none`(limit: Int) {
        #expect(LaneCount(limit: limit).count == 1)
    }
}

@Suite struct `The holes of a sparse file` {
    private var extents: DataExtents {
        var extents = DataExtents()
        for start in [100, 300, 500] as [Int64] { extents.append(start..<start + 100) }
        return extents
    }

    @Test(
        arguments: [
            (0..<100, false), (0..<101, true), (199..<200, true), (200..<300, false), (150..<160, true),
            (0..<1000, true),
            (600..<1000, false), (599..<1000, true),
        ] as [(Range<Int64>, Bool)])
    func `are where no extent overlaps`(range: Range<Int64>, isData: Bool) {
        #expect(extents.overlap(range) == isData)
    }

    @Test func `are everywhere in a file without data`() { #expect(!DataExtents().overlap(0..<1000)) }
}

@Suite struct `A download's plan` {
    @Test func `cuts what is missing into runs that several connections share`() {
        var plan = DownloadPlan([0..<10, 20..<21], chunkLength: 8 << 20)
        var runs: [Range<Int>] = []
        while let run = plan.next() { runs.append(run) }
        #expect(runs == [0..<4, 4..<8, 8..<10, 20..<21])
    }
}
