package import NIOCore
import Synchronization

/// How much a connection may read at once: large reads make uploads fast, so few uploads read much and many little.
///
/// Of each upload two reads are in memory, one waiting and one worked on, and the allocator keeps about as much again.
package final class ReceiveBudget: Sendable {
    /// Bytes for one read of every upload together.
    private let total: Int
    /// The least and the most for one.
    private let bounds: ClosedRange<Int>
    private let uploads = Atomic<Int>(0)

    package init(total: Int, bounds: ClosedRange<Int>) {
        self.total = total
        self.bounds = bounds
    }

    package func begin() { uploads.add(1, ordering: .relaxed) }

    package func end() { uploads.subtract(1, ordering: .relaxed) }

    /// What one connection may read at once now, in bytes.
    package var share: Int {
        min(max(total / max(uploads.load(ordering: .relaxed), 1), bounds.lowerBound), bounds.upperBound)
    }

    package var least: Int { bounds.lowerBound }
}

/// Grows a connection's reads while they come back full, up to its share.
///
/// Larger buffers are made for one read each, so that a connection that falls idle keeps a small one only.
package struct SharedReceiveAllocator: RecvByteBufferAllocator {
    private let budget: ReceiveBudget
    private var length: Int

    package init(_ budget: ReceiveBudget) {
        self.budget = budget
        length = budget.least
    }

    package func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: length) }

    /// True also while reads stay large: NIO then makes a new buffer instead of keeping one.
    package mutating func record(actualReadBytes: Int) -> Bool {
        let wanted = actualReadBytes >= length ? length * 2 : actualReadBytes * 2 < length ? length / 2 : length
        length = max(min(wanted, budget.share), budget.least)
        return length > budget.least
    }
}
