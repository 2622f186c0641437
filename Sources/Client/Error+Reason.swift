import AsyncHTTPClient
import NIOCore
import NIOPosix
import _NIOFileSystem

extension Error {
    /// What an error of the system or the network says, in few words for people.
    package var reason: String {
        switch self {
        case let error as FileSystemError: error.words
        case let error as NIOConnectionError: error.words
        case let error as IOError: "\(Errno(rawValue: error.errnoCode))"
        case let error as HTTPClientError: error.words
        case is ChannelError: "the connection broke off"
        default: "\(self)"
        }
    }
}

extension FileSystemError {
    fileprivate var words: String { (cause as? SystemCallError).map { "\($0.errno)" } ?? message }
}

extension NIOConnectionError {
    fileprivate var words: String {
        guard let first = connectionErrors.first else { return "\(host) is not known" }
        return "\(host):\(port): \(first.error.reason)"
    }
}

extension HTTPClientError {
    fileprivate var words: String {
        switch self {
        case .remoteConnectionClosed: "the connection broke off"
        case .readTimeout, .deadlineExceeded: "no answer came in time"
        case .connectTimeout: "no connection within 10 s"
        default: shortDescription
        }
    }
}
