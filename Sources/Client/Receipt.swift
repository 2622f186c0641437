public import CairnContent

/// What came of an upload that is complete and verified.
public struct Receipt: Hashable, Sendable {
    /// Where the file is now.
    public let address: FileAddress
    /// The content id: the server's and, computed from the same bytes, ours.
    public let contentID: Digest
    /// The file's length in bytes.
    public let length: Int64
    /// Body bytes that were handed to the network, in all tries together; fewer than those of the file where blocks
    /// travelled instead of chunks.
    public let sent: Int64
    /// Bytes of the file that the server had already, so that they did not travel.
    public let known: Int64
    /// Whether the server had other bytes under this file's name.
    public let changed: Bool
    /// Of the file, as the server keeps it; nil when it has none.
    public let name: String?
}
