package import CairnContent

/// Which of the chunks that a server lacks, as it says, are to be proven to be held before they are sent
/// (spec/native.md, "Proofs").
///
/// Others have brought most of a file or nothing of it. So one chunk of a segment is proven; once that one is taken
/// all are, and after a few that are not none is any more.
package struct Proving: Sendable {
    /// About how many bytes are proven at a time; the server takes its time over them, a gigabit a second.
    private static let length = 32 << 20
    /// The most proofs of one request.
    private static let countLimit = 256
    /// How many proofs in a row may be in vain.
    private static let patience = 4

    private let limit: Int
    private var vain = 0
    /// Whether the last proofs were taken.
    package private(set) var areTaken = false

    package init(_ chunkSize: ChunkSize) {
        limit = max(1, min(Self.countLimit, Self.length / chunkSize.length))
    }

    /// The most entries that are to be named at a time.
    package var segmentLimit: Int { areTaken ? limit : UploadPlan.segmentLimit }

    /// Those of a segment's missing chunks that are to be proven.
    package func choice(of missing: MissingIndices) -> [Int] {
        if areTaken { return Array(missing.indices.prefix(limit)) }
        return vain < Self.patience ? Array(missing.indices.prefix(1)) : []
    }

    /// Proofs of `chosen` were sent, and this is missing still.
    package mutating func proven(_ chosen: [Int], missing: MissingIndices) {
        let left = Set(missing.indices)
        areTaken = !chosen.allSatisfy(left.contains)
        vain = areTaken ? 0 : vain + 1
    }
}
