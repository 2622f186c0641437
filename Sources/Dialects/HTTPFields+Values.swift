import CairnContent
import CairnEngine
package import HTTPTypes

extension HTTPFields {
    /// The most digits a number may have: structured integers end there (RFC 9651, section 3.3.1).
    private static let digitLimit = 15

    /// A count of bytes: 1 to 15 decimal digits and nothing else. Absent is nil; sent twice is malformed.
    package func count(_ name: HTTPField.Name) throws(RequestError) -> Int64? {
        guard let text = self[name] else { return nil }
        guard let count = Self.count(text) else { throw .header(name) }
        return count
    }

    /// The number in `text`, or nil unless it is 1 to 15 decimal digits.
    package static func count(_ text: some StringProtocol) -> Int64? {
        guard text.isDecimal, text.utf8.count <= digitLimit else { return nil }
        return Int64(text)
    }

    /// `Content-Length`. What has more digits than a length may have is too long, not malformed.
    func bodyLength() throws(RequestError) -> Int64? {
        guard let text = self[.contentLength] else { return nil }
        if let length = Self.count(text) { return length }
        guard text.isDecimal else { throw .header(.contentLength) }
        throw .length(limit: Limits().length)
    }

    /// What `If-Upload-Prefix` expects the prefix digest to be.
    func expectedPrefix() throws(RequestError) -> Digest? {
        guard let text = self[.ifUploadPrefix] else { return nil }
        guard let field = PrefixField(text) else { throw .header(.ifUploadPrefix) }
        return field.digest
    }

    /// The SHA-256 in `Content-Digest`; other algorithms there are passed over (RFC 9530, section 2).
    func bodyDigest() throws(RequestError) -> Digest? {
        guard let text = self[.contentDigest] else { return nil }
        guard let field = ContentDigestField(text) else { throw .header(.contentDigest) }
        return field.sha256
    }

    /// The name a client gives its file in `Content-Disposition`.
    func fileName() throws(RequestError) -> String? {
        guard let text = self[.contentDisposition] else { return nil }
        guard let disposition = ContentDisposition(text) else { throw .header(.contentDisposition) }
        return disposition.fileName
    }

    /// A body is the file itself, so it comes in no content coding, and it is no part of something larger (RFC 9110,
    /// section 14.5): a part that was taken for the whole would be a wrong file.
    func checkCoding() throws(RequestError) {
        guard !contains(.contentRange) else { throw .header(.contentRange) }
        guard let coding = self[.contentEncoding], coding.lowercased() != "identity" else { return }
        throw .contentCoding
    }

    /// Whether `Accept` names the media type.
    func accepts(_ type: String) -> Bool {
        self[.accept]?.lowercased().split(separator: ",").contains { item in
            item.prefix { $0 != ";" }.drop { $0 == " " }.split(separator: " ").first.map(String.init) == type
        } ?? false
    }
}
