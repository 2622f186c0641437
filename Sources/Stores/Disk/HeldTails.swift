import CairnEngine
import NIOConcurrencyHelpers

/// The tails whose files a draft has open: no second draft goes on in the same file, it takes a copy.
///
/// So a request that takes an upload over never writes where the one before it still does. A tail whose sync failed
/// stays held until it is dropped.
final class HeldTails: Sendable {
    private let names = NIOLockedValueBox<Set<TailName>>([])

    /// Whether nobody held it.
    func hold(_ name: TailName) -> Bool { names.withLock { $0.insert(name).inserted } }

    func release(_ name: TailName) { names.withLock { _ = $0.remove(name) } }
}
