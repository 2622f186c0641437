import Foundation
import GRDB

extension LedgerError.Reason {
    /// What the operator does about an error that came up while opening.
    init(_ error: any Error) {
        switch error {
        case let reason as LedgerError.Reason: self = reason
        case let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
            self = .damaged("\(error)")
        case is RowDecodingError: self = .damaged("\(error)")
        case let error as CocoaError: self = .inaccessible((error.underlying ?? error).localizedDescription)
        default: self = .inaccessible("\(error)")
        }
    }
}
