import CairnEngine
import Glibc

/// Why a call to the file system failed. One case for each next step.
package enum FileSystemError: Error, Hashable, Sendable {
    /// No room, no inode, or over a quota or a limit of file length. Retry when there is room.
    case noSpace
    /// The name is taken.
    case exists
    /// Nothing has that name.
    case absent
    /// Another process holds the lock.
    case locked
    /// Anything else, with the system's number for it. Nothing is known of what the call did.
    case io(number: Int32, call: String)
}

extension FileSystemError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noSpace: "no space"
        case .exists: "exists already"
        case .absent: "no such file or directory"
        case .locked: "locked"
        case .io(let number, let call): "\(call): \(unsafe String(cString: strerror(number))) (\(number))"
        }
    }
}

extension FileSystemError {
    /// The same, for who asked the store.
    var storeError: StoreError {
        switch self {
        case .noSpace: .noSpace
        case .exists, .absent, .locked, .io: .failed("\(self)")
        }
    }
}
