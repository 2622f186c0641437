import NIOConcurrencyHelpers

/// What one run of the collector leaves to the next.
final class CollectionState: Sendable {
    private struct State {
        /// Whether references went since the chunks were last looked through: before the first time nobody knows.
        var isDue = true
        var isRunning = false
        /// The next shelf to look through for chunks that the ledger does not know. It begins anywhere, so that a
        /// server which is often restarted comes to all of them.
        var shelf = Int.random(in: 0..<Pace.shelfCount)
        var trashPart = Int.random(in: 0..<Pace.trashPartCount)
    }

    private let state = NIOLockedValueBox(State())

    /// An entry went that may have been the last to refer to its chunk.
    func referencesWent() { state.withLockedValue { $0.isDue = true } }

    /// Whether the chunks are to be looked through; from now on, not before another reference goes.
    func takeDue() -> Bool {
        state.withLockedValue { state in
            defer { state.isDue = false }
            return state.isDue
        }
    }

    /// False when a run goes on already.
    func begin() -> Bool {
        state.withLockedValue { state in
            guard !state.isRunning else { return false }
            state.isRunning = true
            return true
        }
    }

    func end() { state.withLockedValue { $0.isRunning = false } }

    func nextShelf() -> Int { state.withLockedValue { Self.advance(&$0.shelf, below: Pace.shelfCount) } }

    func nextTrashPart() -> Int { state.withLockedValue { Self.advance(&$0.trashPart, below: Pace.trashPartCount) } }

    private static func advance(_ place: inout Int, below count: Int) -> Int {
        defer { place = (place + 1) % count }
        return place
    }
}
