public import CairnContent
public import CairnEngine

/// Whom an operator wants to be asked and told of uploads (spec/operating.md, "Hooks").
public struct UploadHooks: Sendable {
    /// What is answered of an upload that is about to begin.
    public enum Verdict: Hashable, Sendable {
        case allowed
        /// Why, in words for the client; may be empty.
        case refused(String)
        /// The hook gave no answer. The upload does not begin, and may be tried again.
        case failed
    }

    /// Asked before an upload begins, and waited for.
    public var before: (@Sendable (HookEvent) async -> Verdict)?
    /// Told when a file is complete or bytes were refused; returns at once.
    public var after: (@Sendable (HookEvent) -> Void)?

    /// Nobody is asked or told.
    public init() {}
}

/// What happened, or is about to.
public struct HookEvent: Hashable, Sendable {
    /// What kinds of events there are.
    public enum Kind: String, Sendable {
        /// An upload is about to begin.
        case begin
        /// A file is complete.
        case finished
        /// A request that was to bring bytes, or to complete a file, was refused.
        case refused
    }

    /// What happened.
    public let kind: Kind
    /// The request's id, as in the access log.
    public let request: String
    /// The client: `host:port`, `unix` or `-`.
    public let remote: String
    /// Whose the upload is; nil where nobody is asked who they are.
    public var owner: Owner?
    /// The upload, once there is one.
    public var upload: UploadID?
    /// What the client says about the file.
    public var metadata = Metadata()
    /// In bytes, when it is known.
    public var length: Int64?
    /// Of a complete file.
    public var contentID: Digest?
    /// The name of the problem, of what was refused.
    public var problem: String?

    init(_ kind: Kind, _ place: HookPlace) {
        self.kind = kind
        request = place.request
        remote = place.remote
        owner = place.owner
    }

    /// A principal, by the name it has in its namespace.
    public struct Owner: Hashable, Sendable {
        /// Who has uploaded it.
        public let principal: String
        /// Where it lies.
        public let namespace: Namespace
        /// The id of the token with which the request came, or that signed its link.
        public let token: String
    }
}

/// Which request an event belongs to.
struct HookPlace: Sendable {
    let request: String
    let remote: String
    var owner: HookEvent.Owner?
}
