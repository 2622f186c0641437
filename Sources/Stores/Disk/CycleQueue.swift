/// Who waits for the next commit cycle, and who is to run it (spec/durability.md, "Group commit").
///
/// One cycle runs at a time. Who comes while none does leads one at once; when a cycle ends, one of those who waited
/// leads the next, with as many of the others as fit.
package struct CycleQueue<Waiter: Sendable>: Sendable {
    /// The most files of one cycle.
    package static var countLimit: Int { 64 }
    /// The most bytes of one cycle.
    package static var lengthLimit: Int { 64 << 20 }

    private struct Place: Sendable {
        let waiter: Waiter
        let count: Int
        let length: Int
    }

    private var waiting: [Place] = []
    private var isBusy = false

    package init() {}

    /// Takes in who wants `count` files of `length` bytes committed; returns the next cycle when it is to begin now.
    package mutating func enter(_ waiter: Waiter, count: Int, length: Int) -> [Waiter]? {
        waiting.append(Place(waiter: waiter, count: count, length: length))
        return isBusy ? nil : begin()
    }

    /// A cycle is over; returns the next, or nil when nobody waits.
    package mutating func leave() -> [Waiter]? {
        isBusy = false
        return waiting.isEmpty ? nil : begin()
    }

    /// The first always fits: who wants more than a cycle holds has asked in pieces.
    private mutating func begin() -> [Waiter] {
        isBusy = true
        var count = 0
        var length = 0
        let fitting = waiting.prefix { place in
            defer {
                count += place.count
                length += place.length
            }
            return count == 0 || (count + place.count <= Self.countLimit && length + place.length <= Self.lengthLimit)
        }
        waiting.removeFirst(fitting.count)
        return fitting.map(\.waiter)
    }
}
