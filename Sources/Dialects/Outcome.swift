package import CairnContent
package import CairnEngine

/// How a command ended, in our words; a dialect says it in its own.
package enum Outcome: Sendable {
    /// The answer to a resumption question; nil when the upload was never begun, or is gone.
    case prefix(Upload?)
    /// Bytes were appended, and this is how the upload stands.
    case appended(Upload)
    /// A file was made by this request.
    case created(Upload)
    /// How an upload stands.
    case upload(Upload)
    /// What can be read: the file, or what has arrived of it.
    case file(Upload)
    case manifest(Manifest, of: Upload)
    /// A page of a list, and whether more follow.
    case uploads([Upload], state: Upload.State, hasMore: Bool)
    case cancelled
    /// What is served; and, where that is asked, who the caller is.
    case capabilities(Limits, ChunkSize, Dedup, to: Identity? = nil)
    case health(isWritable: Bool)
    case options
    /// How a command of the native dialect ended.
    case native(NativeOutcome)
    /// The engine refused.
    case refused(UploadError)
    /// The request never became a command, or asks for what the file cannot give.
    case rejected(RequestError)
    /// An upload was begun. With an error the bytes that came with the request were refused, or some of them.
    case begun(Upload, UploadError?)
}
