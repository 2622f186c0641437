/// The chunks that a download lacks, in runs for several connections.
package struct DownloadPlan: Hashable, Sendable {
    /// The most bytes in one request: enough that a round trip costs little, and few enough to share the work.
    package static let runLength = 32 << 20

    private var left: ArraySlice<Range<Int>>
    /// Bytes that have come.
    package private(set) var fetched: Int64 = 0

    /// - Parameters:
    ///   - missing: Indices of chunks, ascending.
    ///   - chunkLength: Of a whole chunk, in bytes.
    package init(_ missing: [Range<Int>], chunkLength: Int) {
        let count = max(1, Self.runLength / chunkLength)
        left =
            missing.flatMap { run in
                stride(from: run.lowerBound, to: run.upperBound, by: count).map { $0..<min($0 + count, run.upperBound) }
            }[...]
    }

    /// The next run to be fetched; nil when none is left.
    package mutating func next() -> Range<Int>? { left.popFirst() }

    /// A chunk of `length` bytes has come; returns how many have in all.
    package mutating func fetched(_ length: Int) -> Int64 {
        fetched += Int64(length)
        return fetched
    }
}
