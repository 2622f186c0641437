/// Why something could not be done. One case for each next step of the caller.
public enum ClientError: Error, Hashable, Sendable {
    /// The server cannot be reached, or breaks off again and again. Run again later: what it acknowledged is kept.
    case unavailable(cause: String)
    /// The server says that it cannot now. Run again later.
    case busy(Refusal)
    /// The server refuses, and will again. Change the request as it says.
    case refused(Refusal)
    /// Show who you are, or ask for the right.
    case notAllowed(Refusal)
    /// The server has no such file or upload.
    case notFound
    /// Nobody vouches for the server who is trusted, or it is another than its address says.
    case notTrusted(String)
    /// This is not what a Cairn server answers. Look at the address.
    case notUnderstood(String)
    /// The server holds, or handed out, other bytes than it names. Send or fetch them again.
    case wrongBytes(String)
    /// The file was written to while it was read. Run again when it is quiet.
    case changed(path: String)
    /// A stream cannot be read again from where the server needs it. Begin again from its source.
    case streamLost(offset: Int64)
    /// More chunks than a manifest may have, in bytes at the server's chunk size.
    case tooLong(limit: Int64)
    /// There is no such local file, or it is no regular file.
    case noInput(path: String, reason: String)
    /// A local file could not be read or written.
    case failedIO(path: String, reason: String)
    /// The output stands there already with another content.
    case exists(path: String)
    /// The caller cancelled. What the server acknowledged is kept.
    case cancelled
}

extension ClientError: CustomStringConvertible {
    /// What happened and what to do next, in one sentence or two.
    public var description: String {
        switch self {
        case .unavailable(let cause): "the server cannot be reached: \(cause). Run the command again to go on"
        case .busy(let refusal): "the server cannot take this now: \(refusal). Run the command again later to go on"
        case .refused(let refusal): "the server refuses: \(refusal)"
        case .notAllowed(let refusal): "the server does not allow this: \(refusal)"
        case .notTrusted(let what): "the server is not trusted: \(what). Name who vouches for it with --ca"
        case .notFound: "the server has no such file"
        case .notUnderstood(let what): "this does not look like a Cairn server: \(what). Is the address right?"
        case .wrongBytes(let what): "verification failed: \(what). Run the command again"
        case .changed(let path): "\(path) changed while it was read. Run the command again when nothing writes to it"
        case .streamLost(let offset):
            "the server needs the input again from byte \(offset), which is no longer held. Start again from the source"
        case .tooLong(let limit): "the file is longer than \(limit) bytes, the most for the server's chunk size"
        case .noInput(let path, let reason), .failedIO(let path, let reason): "\(path): \(reason)"
        case .exists(let path): "\(path) exists and is another file. Choose another name, or use --force"
        case .cancelled: "cancelled"
        }
    }
}
