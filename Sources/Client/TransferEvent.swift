/// What goes on in a transfer, for whoever watches it.
public enum TransferEvent: Hashable, Sendable {
    /// The source's first bytes are digested, to compare them with those the other side has.
    case verifying(offset: Int64, of: Int64)
    /// The other side has the same first bytes; the rest follows from here.
    case resumed(offset: Int64)
    /// The other side has other bytes under this file's name, so everything is sent.
    case changed
    /// This much is verified and durable on the receiving side.
    case acknowledged(offset: Int64, of: Int64?)
    /// A try failed; the next one begins after the pause.
    case retrying(after: Duration, cause: ClientError)
}
