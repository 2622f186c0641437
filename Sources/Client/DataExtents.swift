/// Where a sparse file has bytes of its own; what lies between reads as zeros.
package struct DataExtents: Hashable, Sendable {
    /// Ascending, apart from each other.
    private var extents: [Range<Int64>] = []

    /// A file of which more than this is in pieces is read as it is.
    package static let countLimit = 65_536

    package init() {}

    /// Adds an extent that lies behind the others.
    package mutating func append(_ extent: Range<Int64>) { extents.append(extent) }

    package var count: Int { extents.count }

    /// Whether any byte of `range` may be other than zero.
    package func overlap(_ range: Range<Int64>) -> Bool {
        var (low, high) = (0, extents.count)
        while low < high {
            let middle = (low + high) / 2
            if extents[middle].upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        return low < extents.count && extents[low].lowerBound < range.upperBound
    }
}
