import CairnContent
public import CairnEngine
import FoundationEssentials

/// The right to bring exactly one file, signed by the holder of a token without asking the server (spec/security.md,
/// "Upload links").
///
///     cairn-link.<claims as JSON in base64url>.<signature: 64 hexadecimal digits>
public struct UploadLink: Hashable, Sendable {
    /// The id of the token it counts as.
    public let token: String
    /// Which file: two links of one nonce are the same link.
    public let nonce: String
    /// The longest file, in bytes.
    public let length: Int64
    /// The media types the file may say it has, such as `image/png` or `image/*`; any when there are none.
    public let types: [String]
    /// From this moment on nothing is taken with it.
    public let expires: Timestamp

    /// The most bytes of a link as text.
    public static let textLimit = 4096
    /// The most media types of a link.
    public static let typesLimit = 16
    private static let prefix = "cairn-link."

    /// Nil when the nonce is no name (`Token.isName`), the length is negative or the types are too many or none at all.
    public init?(token: String, nonce: String, length: Int64, types: [String] = [], expires: Timestamp) {
        guard TokenText.isID(token), Token.isName(nonce), length >= 0, types.count <= Self.typesLimit,
            types.allSatisfy(Self.isType)
        else { return nil }
        self.token = token
        self.nonce = nonce
        self.length = length
        self.types = types
        self.expires = expires
    }

    /// Whether `text` is meant for a link, of whatever worth.
    public static func isMeant(by text: String) -> Bool { text.hasPrefix(prefix) }

    private struct Claims: Codable {
        var token: String
        var nonce: String
        var length: Int64
        var types: [String]?
        var expires: Int64
    }

    /// What the text claims, and what is to be signed; to be believed only once the signature is right.
    private static func parts(of text: String) -> (link: UploadLink, signed: String, signature: Digest)? {
        guard text.utf8.count <= textLimit, isMeant(by: text) else { return nil }
        let pieces = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard pieces.count == 3, let signature = Digest(pieces[2]), let json = decoded(pieces[1]),
            let claims = try? JSONDecoder().decode(Claims.self, from: json),
            let link = UploadLink(
                token: claims.token, nonce: claims.nonce, length: claims.length, types: claims.types ?? [],
                expires: Timestamp(seconds: claims.expires))
        else { return nil }
        return (link, "\(pieces[0]).\(pieces[1])", signature)
    }

    /// The link that `text` holds and the token that has signed it, while both count.
    public init?(_ text: String, of table: TokenTable, at moment: Timestamp) {
        guard let (link, signed, signature) = Self.parts(of: text), let token = table[link.token],
            let key = token.linkKey, key.signature(of: signed).equals(signature),
            token.isValid(at: moment), token.rights.contains(.put), moment < link.expires
        else { return nil }
        self = link
    }

    /// As text, signed.
    public func signed(with key: LinkKey) -> String {
        let claims = Claims(
            token: token, nonce: nonce, length: length, types: types.isEmpty ? nil : types, expires: expires.seconds)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(claims) else {
            preconditionFailure("text and numbers always encode")  // whatever it says, the mistake is ours
        }
        let signed = Self.prefix + Self.encoded(json)
        return "\(signed).\(key.signature(of: signed))"
    }

    /// The name under which its one upload stands: one that no client can give.
    public func key(of principal: Principal) -> UploadKey { UploadKey("\u{0}link\u{0}\(nonce)", of: principal) }

    /// Whether a file may say that it is of this media type.
    public func allows(_ type: String?) -> Bool {
        guard !types.isEmpty else { return true }
        let essence = (type ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
        return types.contains { allowed in
            allowed.hasSuffix("/*")
                ? essence.hasPrefix(allowed.dropLast().lowercased()) : allowed.lowercased() == essence
        }
    }

    /// `type/subtype` or `type/*`.
    private static func isType(_ text: String) -> Bool {
        let pieces = text.split(separator: "/", omittingEmptySubsequences: false)
        return pieces.count == 2 && text.utf8.count <= 127
            && pieces.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x21..<0x7F).contains($0) } }
    }

    private static func encoded(_ bytes: Data) -> String {
        bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func decoded(_ text: String) -> Data? {
        guard !text.contains(where: { "+/=".contains($0) }) else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(
            base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/") + padding)
    }
}
