/// Which chunks of a namespace's store a client need not send.
public enum Dedup: String, Sendable, CaseIterable {
    /// None but those of the same upload: every byte is sent, and kept once.
    case off
    /// Those the caller has uploaded; others once it has proven to hold them.
    case prove
    /// All: who may write to the namespace is trusted with what is in it.
    case trust
}
