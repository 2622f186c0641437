import CairnDialects
import CairnEngine
import HTTPTypes
import Synchronization

/// Tells the client of its upload while the body arrives, and reads what stands behind the body.
final class Attendant: Sendable {
    /// The least time between two answers that tell of progress.
    private static let interval: Duration = .seconds(1)

    private let request: RequestHead
    private let dialect: any Dialect.Type
    private let sideline: Sideline
    private let lastTold = Mutex(ContinuousClock.now)

    init(_ request: RequestHead, _ dialect: any Dialect.Type, _ sideline: Sideline) {
        self.request = request
        self.dialect = dialect
        self.sideline = sideline
    }

    /// The upload's row is durable.
    func begun(_ upload: Upload) {
        guard let head = dialect.interim(upload, isBeginning: true, for: request) else { return }
        sideline.send(head)
    }
}

extension MeteredBody: AttendedBody {
    func acknowledged(_ upload: Upload) { attendant?.acknowledged(upload) }

    func trailer() async -> Trailer? { await attendant?.trailer() }
}

extension Attendant {
    fileprivate func acknowledged(_ upload: Upload) {
        guard let head = dialect.interim(upload, isBeginning: false, for: request) else { return }
        let isDue = lastTold.withLock { last in
            let now = ContinuousClock.now
            guard now - last >= Self.interval else { return false }
            last = now
            return true
        }
        if isDue { sideline.send(head) }
    }

    fileprivate func trailer() async -> Trailer? { await sideline.trailer()?.trailer(announcedIn: request.fields) }
}
