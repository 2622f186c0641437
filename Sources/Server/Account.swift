import CairnDialects
import CairnEngine
import NIOConcurrencyHelpers

/// What the running requests of one principal may come to, beside what the ledger knows it has.
///
/// A request reserves what it may bring, and only then the ledger is asked. So of two requests each sees the other:
/// reserved still, or committed. Together they never pass a limit; near one a request may be told to try again.
final class Account: Sendable {
    private struct State {
        var length: Int64 = 0
        var uploads = 0
        /// When the next byte may come, by the rate; long ago when none came lately.
        var free = ContinuousClock.now
    }

    private let state = NIOLockedValueBox(State())

    /// What one request may bring; given back when it is let go of.
    final class Reservation: Sendable {
        private let account: Account
        private let usage: Usage

        fileprivate init(_ account: Account, _ usage: Usage) {
            self.account = account
            self.usage = usage
        }

        deinit {
            account.state.withLock {
                $0.length -= usage.length
                $0.uploads -= usage.uploads
            }
        }
    }

    /// Reserves what `charge` says, and returns what others have reserved.
    func reserve(_ charge: Usage) -> (Reservation, others: Usage) {
        let others = state.withLock { state in
            defer {
                state.length += charge.length
                state.uploads += charge.uploads
            }
            return Usage(length: state.length, uploads: state.uploads)
        }
        return (Reservation(self, charge), others)
    }

    /// How long to wait before `length` bytes that came count as come, at `rate` bytes a second for all requests.
    func delay(_ length: Int, at rate: Int64) -> Duration {
        state.withLock { state in
            let now = ContinuousClock.now
            state.free = max(state.free, now) + .seconds(Double(length) / Double(rate))
            return state.free - now
        }
    }
}

/// The accounts of those who have one: one for each principal with a limit, for as long as the server runs.
final class Accounts: Sendable {
    private let accounts = NIOLockedValueBox<[Principal: Account]>([:])

    func account(of principal: Principal) -> Account {
        accounts.withLock { accounts in
            if let account = accounts[principal] { return account }
            let account = Account()
            accounts[principal] = account
            return account
        }
    }
}
