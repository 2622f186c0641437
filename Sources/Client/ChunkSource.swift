package import CairnContent
package import NIOCore

/// Where the chunks of an upload come from: a file, which can be read again, or a stream, which cannot.
package protocol ChunkSource: Sendable {
    /// What it is called in an error.
    var name: String { get }
    /// Whether `bytes(of:)` can be asked.
    var isRepeatable: Bool { get }
    /// The length in bytes; nil until a stream has ended.
    var length: Int64? { get }
    /// The next chunk in order, nil at the end. Several tasks may ask at a time.
    func next() async throws(ClientError) -> Piece?
    /// The bytes of the chunk of `entry` once more.
    func bytes(of index: Int, _ entry: Entry) async throws(ClientError) -> ByteBuffer
    /// Returns when what was handed out is one state of the source, and throws when it changed on the way.
    func confirm() async throws(ClientError)
}

/// A chunk as it comes from its source.
package struct Piece: Sendable {
    package enum Content: Sendable {
        case bytes(ByteBuffer)
        /// So many zeros, in a hole of the file.
        case hole(Int)
    }

    package let index: Int
    package let content: Content

    package init(index: Int, content: Content) {
        self.index = index
        self.content = content
    }

    /// Nil for a hole.
    package var bytes: ByteBuffer? {
        if case .bytes(let bytes) = content { bytes } else { nil }
    }
}
