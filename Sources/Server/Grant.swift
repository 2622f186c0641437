public import CairnEngine
public import CairnTrust

/// What an application lets one of its own users do with uploads (spec/library.md, "Your own authorization").
public struct Grant: Hashable, Sendable {
    /// The owner of what the user uploads, and whose files the user sees.
    public let principal: Principal
    /// Asked for anything else, Cairn answers 403 and changes nothing.
    public let rights: Rights

    /// - Parameters:
    ///   - user: Who it is, always by the same name, kept with each upload. An id is better than an address that may
    ///     change.
    ///   - rights: With `admin` they hold for the uploads and files of everyone in the engine's namespace, without it
    ///     for the user's own.
    public init(_ user: String, rights: Rights) {
        principal = Principal(user, reach: rights.contains(.admin) ? .namespace : .own)
        self.rights = rights
    }
}
