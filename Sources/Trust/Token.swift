public import CairnContent
public import CairnEngine

/// Who comes with a certain secret, and what they may. Of the secret only its digest is known here (spec/security.md).
public struct Token: Hashable, Sendable {
    /// 16 lower-case hexadecimal digits; no secret.
    public let id: String
    /// What people call it: 1 to 64 letters, digits, `.`, `-` and `_`.
    public let name: String
    /// Who its holder is in the namespace. Tokens of one principal share what it has, so one can take another's place.
    public let principal: String
    /// Where it counts.
    public let namespace: Namespace
    /// What its holder may.
    public let rights: Rights
    /// How much its holder's principal may have and send.
    public let allowance: Allowance
    /// When it was made.
    public let created: Timestamp
    /// From this moment on it counts no more.
    public let expires: Timestamp?
    /// SHA-256 over the token as it is sent.
    public let digest: Digest
    /// With which upload links are signed that count as its own; nil when it signs none.
    public let linkKey: LinkKey?

    /// Nil when an id, a name, a principal or a limit is none that can be, or there are no rights.
    public init?(
        id: String, name: String, principal: String, namespace: Namespace, rights: Rights,
        allowance: Allowance = Allowance(), created: Timestamp, expires: Timestamp? = nil, digest: Digest,
        linkKey: LinkKey? = nil
    ) {
        guard TokenText.isID(id), Self.isName(name), Self.isName(principal), allowance.isSound, !rights.isEmpty else {
            return nil
        }
        self.id = id
        self.name = name
        self.principal = principal
        self.namespace = namespace
        self.rights = rights
        self.allowance = allowance
        self.created = created
        self.expires = expires
        self.digest = digest
        self.linkKey = linkKey
    }

    /// 1 to 64 letters, digits, `.`, `-` and `_` of ASCII: nothing that ends a line, a path or a field.
    public static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-_".utf8.contains(byte)
            }
    }

    /// Whether it counts at that moment, as far as time goes.
    public func isValid(at moment: Timestamp) -> Bool { expires.map { moment < $0 } ?? true }

    /// The owner of what its holder uploads. Names of different namespaces never meet, not even where the ledger keeps
    /// them together: outside the standard one the namespace stands before the name, and no name has a slash.
    public var owner: Principal {
        let name = namespace == .standard ? principal : "\(namespace)/\(principal)"
        return Principal(name, reach: rights.contains(.admin) ? .namespace : .own)
    }
}

/// A token as its holder sends it: `cairn_<id>_<secret>`, the secret 256 random bits in hexadecimal.
public struct TokenText: Hashable, Sendable, LosslessStringConvertible {
    /// All of it, the secret included: never to be logged or kept.
    public let description: String
    /// The part that is no secret.
    public let id: String

    private static let prefix = "cairn_"
    private static let idLength = 16
    private static let secretLength = 64

    /// A new one, by the system's generator.
    public init() {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<5).map { _ in Self.hexadecimal(generator.next()) }
        id = words[0]
        description = "\(Self.prefix)\(id)_\(words[1...].joined())"
    }

    /// Nil unless the text is of that form.
    public init?(_ description: String) {
        let pieces = description.utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        guard description.hasPrefix(Self.prefix), pieces.count == 3, let id = String(pieces[1]),
            let secret = String(pieces[2]), Self.isID(id), Self.isHexadecimal(secret, count: Self.secretLength)
        else { return nil }
        self.id = id
        self.description = description
    }

    /// By which a token is known: SHA-256 over all of the text.
    public var digest: Digest { Digest(hashing: Array(description.utf8).span) }

    static func isID(_ text: String) -> Bool { isHexadecimal(text, count: idLength) }

    static func isHexadecimal(_ text: String, count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let text = String(word, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}
