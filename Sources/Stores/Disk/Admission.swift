import CairnEngine
import Logging
import NIOConcurrencyHelpers

/// Says whether the store may write: there is room, and no sync has failed that everything rests on.
final class Admission: Sendable {
    /// Room left to the ledger, so that uploads can still be ended when chunks find none: 64 MiB, or on a small disk
    /// a sixteenth of it.
    static func reserve(of space: Space) -> Int64 { min(64 << 20, space.total / 16) }

    private let root: any Directory
    private let logger: Logger
    private let failure = NIOLockedValueBox<String?>(nil)

    init(root: any Directory, logger: Logger) {
        self.root = root
        self.logger = logger
    }

    var isReadOnly: Bool { failure.withLock { $0 != nil } }

    /// Throws `.readOnly` once a sync has failed.
    func check() throws(StoreError) {
        if isReadOnly { throw .readOnly }
    }

    /// Throws `.noSpace` when `length` more bytes would touch the reserve.
    ///
    /// Asked of the system each time: it costs half a microsecond, and an answer kept would need a clock.
    func admit(_ length: Int) throws(StoreError) {
        try check()
        let space: Space
        do { space = try root.space() } catch { throw error.storeError }
        guard space.available - Int64(length) >= Self.reserve(of: space) else { throw .noSpace }
    }

    /// No promise can be kept any more: from now on nothing is written.
    func stop(because error: FileSystemError) -> StoreError {
        let isFirst = failure.withLock { failure in
            defer { failure = failure ?? "\(error)" }
            return failure == nil
        }
        if isFirst { logger.critical("a sync failed: read-only from now on", metadata: ["error": "\(error)"]) }
        return .readOnly
    }
}
