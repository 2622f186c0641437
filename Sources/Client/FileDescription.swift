public import CairnContent
import CairnDialects
import HTTPTypes

/// A complete file as the server's header fields describe it.
public struct FileDescription: Hashable, Sendable {
    /// What the ETag says; the manifest has to agree.
    public let contentID: Digest
    /// In bytes.
    public let length: Int64
    /// The last piece of the file's name, fit to be a name in a local directory; nil when the server tells none.
    public let name: String?

    init(_ answer: Answer) throws(ClientError) {
        guard answer.status == 200, let tag = answer[.eTag], tag.hasPrefix("\""), tag.hasSuffix("\""),
            let contentID = Digest(String(tag.dropFirst().dropLast()))
        else { throw .notUnderstood("it gives out no finished file at this address") }
        guard let length = answer[.contentLength].flatMap({ Int64($0) }) else {
            throw .notUnderstood("it does not tell the file's length")
        }
        self.contentID = contentID
        self.length = length
        name = answer[.contentDisposition].flatMap { ContentDisposition($0)?.fileName }.flatMap(Self.lastPiece)
    }

    /// Never a path: a server must not choose where a file is written.
    private static func lastPiece(of name: String) -> String? {
        let last = name.split(separator: "/").last.map(String.init)
        return last == "." || last == ".." ? nil : last
    }
}
