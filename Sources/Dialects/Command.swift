package import CairnEngine

/// What a request asks of the engine, in our words.
package enum Command: Hashable, Sendable {
    /// The resumption question. Without a target nothing was named, so nothing was ever begun.
    case resume(Target?)
    /// Bytes at the end of an upload's prefix.
    case append(Append, to: Target)
    /// A whole file in one request.
    case create(Append)
    /// How an upload stands; disturbs nobody.
    case look(Target)
    /// The bytes of a complete file; of an open upload the resumption question.
    case fetch(UploadID)
    /// The bytes of a complete file, or of what has arrived of an open upload; disturbs nobody.
    case read(UploadID)
    /// The manifest of a complete file, or of what has arrived.
    case manifest(UploadID)
    /// Uploads of one state, newest first, after the one given.
    case list(Upload.State, after: UploadID?, limit: Int)
    /// Ends an upload, or removes a file.
    case cancel(UploadID)
    /// Which protocols, chunk sizes and limits there are.
    case capabilities
    /// Whether the server can keep bytes.
    case health
    /// Whether the server answers at all.
    case life
    /// What the path can be asked.
    case options
    /// A request of the native dialect besides these.
    case native(NativeCommand)
    /// A new upload, and its first bytes if the request brings some.
    case begin(Beginning)
    /// A new upload made of others, in order.
    case join([UploadID], Beginning)
}

/// The upload a command is about.
package enum Target: Hashable, Sendable {
    case id(UploadID)
    /// The client's own name, as it came; it becomes a digest before it reaches a ledger.
    case name(String)
}
