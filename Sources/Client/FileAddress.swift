public import CairnEngine

/// A file on a server: what `put` prints and `get` takes.
public struct FileAddress: Hashable, Sendable, LosslessStringConvertible {
    /// Where the file is.
    public let server: ServerAddress
    /// The file's id there.
    public let id: UploadID

    /// The address of a file whose id is known.
    public init(server: ServerAddress, id: UploadID) {
        self.server = server
        self.id = id
    }

    /// A URL that ends in `/files/<id>` or `/v1/files/<id>`, or nil.
    public init?(_ text: String) {
        guard let slash = text.lastIndex(of: "/"), let id = UploadID(String(text[text.index(after: slash)...])),
            text[..<slash].hasSuffix("/files")
        else { return nil }
        var base = text[..<slash].dropLast("/files".count)
        if base.hasSuffix("/v1") { base = base.dropLast("/v1".count) }
        guard let server = ServerAddress(String(base)) else { return nil }
        self.init(server: server, id: id)
    }

    /// `<server>/files/<id>`.
    public var description: String { server.url("/files/\(id)") }
}
