import Synchronization

/// How many of something may go on at once; each is over when its slot is let go of, whatever happened.
final class Slots: Sendable {
    private let free: Atomic<Int>

    init(_ count: Int) { free = Atomic(count) }

    /// Nil when all are taken.
    func take() -> Slot? {
        guard free.subtract(1, ordering: .relaxed).newValue >= 0 else {
            free.add(1, ordering: .relaxed)
            return nil
        }
        return Slot(slots: self)
    }

    final class Slot: Sendable {
        private let slots: Slots

        fileprivate init(slots: Slots) { self.slots = slots }

        deinit { slots.free.add(1, ordering: .relaxed) }
    }
}
