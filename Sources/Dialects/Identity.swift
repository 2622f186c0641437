public import CairnEngine

/// Who a server takes a caller for, as it tells them (spec/security.md, "Who one is").
public struct Identity: Hashable, Sendable {
    /// What a caller may bring who comes with an upload link.
    public struct Link: Hashable, Sendable {
        /// How its one upload stands.
        public enum State: String, Sendable { case unused, open, complete }

        /// Of the file at most, in bytes.
        public let length: Int64
        /// The media types it may say it has; any when there are none.
        public let types: [String]
        public let state: State

        public init(length: Int64, types: [String], state: State) {
            self.length = length
            self.types = types
            self.state = state
        }
    }

    /// Nil for the holder of a link, to whom the signer is not named.
    public let principal: String?
    public let namespace: Namespace?
    /// By their words.
    public let rights: [String]
    /// From then on what the caller came with counts no more.
    public let expires: Timestamp?
    public let link: Link?

    public init(principal: String?, namespace: Namespace?, rights: [String], expires: Timestamp?, link: Link? = nil) {
        self.principal = principal
        self.namespace = namespace
        self.rights = rights
        self.expires = expires
        self.link = link
    }
}
