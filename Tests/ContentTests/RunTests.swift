import CairnContent
import Testing

@Suite struct `A run of entries` {
    @Test func `grows one by one as at once`() {
        var run = Run()
        for (index, entry) in entries(20).enumerated() {
            #expect(run == Run(entries(index)))
            run.append(entry)
            #expect(run.count == index + 1)
            #expect(run.length == Int64((index + 1) * (index + 2) / 2))
        }
    }

    @Test func `has the prefix digest where it ends, and behind it with a tail`() throws {
        let roots = try vectors("tree.json", as: TreeVectors.self).roots
        for count in 0..<20 {
            let run = Run(entries(count))
            #expect(run.prefixDigest() == roots[count])
            #expect(run.prefixDigest(tail: entries(count + 1).last) == roots[count + 1])
        }
    }

    @Test func `is kept as three parts and made of them again`() {
        for count in 0..<20 {
            let run = Run(entries(count))
            #expect(Run(count: run.count, length: run.length, peaks: run.peaks.bytes) == run)
        }
    }

    @Test func `is refused when the parts cannot be of one run`() {
        let run = Run(entries(3))
        let peaks = run.peaks.bytes
        for length in [Int64.min, -1, 0, 2, 3 * (16 << 20) + 1, .max] {
            #expect(Run(count: 3, length: length, peaks: peaks) == nil, "length \(length)")
        }
        #expect(Run(count: 3, length: 3, peaks: peaks) != nil)
        #expect(Run(count: 3, length: 3 * (16 << 20), peaks: peaks) != nil)
        #expect(Run(count: 3, length: run.length, peaks: peaks.dropLast()) == nil)
        #expect(Run(count: -1, length: 0, peaks: []) == nil)
        #expect(Run(count: 0, length: 1, peaks: []) == nil)
        #expect(Run(count: Manifest.countLimit, length: 1 << 30, peaks: peaks.prefix(32)) != nil)
        #expect(Run(count: Manifest.countLimit + 1, length: 1 << 30, peaks: peaks) == nil)
    }
}
