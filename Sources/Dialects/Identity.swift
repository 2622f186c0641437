package import CairnEngine

/// Who a server takes a caller for, as it tells them (spec/security.md, "Who one is").
package struct Identity: Hashable, Sendable {
    /// What a caller may bring who comes with an upload link.
    package struct Link: Hashable, Sendable {
        /// How its one upload stands.
        package enum State: String, Sendable { case unused, open, complete }

        /// Of the file at most, in bytes.
        package let length: Int64
        /// The media types it may say it has; any when there are none.
        package let types: [String]
        package let state: State

        package init(length: Int64, types: [String], state: State) {
            self.length = length
            self.types = types
            self.state = state
        }
    }

    /// Nil for the holder of a link, to whom the signer is not named.
    package let principal: String?
    package let namespace: Namespace?
    /// By their words.
    package let rights: [String]
    /// From then on what the caller came with counts no more.
    package let expires: Timestamp?
    package let link: Link?

    package init(principal: String?, namespace: Namespace?, rights: [String], expires: Timestamp?, link: Link? = nil) {
        self.principal = principal
        self.namespace = namespace
        self.rights = rights
        self.expires = expires
        self.link = link
    }
}
