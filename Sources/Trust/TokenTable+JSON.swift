import CairnContent
import CairnEngine
import FoundationEssentials

/// Why the file of tokens cannot be used.
public struct TokenFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong; never with a secret in it.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The tokens as a file (spec/security.md, "Tokens").
extension TokenTable {
    /// The name of the file in a data directory.
    public static let fileName = "tokens.json"
    /// The longest such file, in bytes.
    public static let fileLimit = 16 << 20

    private static let version = 1

    private struct File: Codable {
        var version: Int
        var tokens: [Record]
    }

    private struct Record: Codable {
        var id: String
        var name: String
        var principal: String
        var namespace: String
        var rights: [String]
        var limits: Allowance?
        /// Seconds since 1970.
        var created: Int64
        var expires: Int64?
        var digest: String
        var linkKey: String?

        init(_ token: Token) {
            id = token.id
            name = token.name
            principal = token.principal
            namespace = token.namespace.description
            rights = token.rights.words
            limits = token.allowance == Allowance() ? nil : token.allowance
            created = token.created.seconds
            expires = token.expires?.seconds
            digest = token.digest.description
            linkKey = token.linkKey?.text
        }

        func token() -> Token? {
            guard let namespace = Namespace(namespace), let rights = Rights(words: rights),
                let digest = Digest(digest)
            else { return nil }
            let key = linkKey.map(LinkKey.init(text:))
            if case .some(.none) = key { return nil }
            return Token(
                id: id, name: name, principal: principal, namespace: namespace, rights: rights,
                allowance: limits ?? Allowance(), created: Timestamp(seconds: created),
                expires: expires.map(Timestamp.init(seconds:)), digest: digest, linkKey: key ?? nil)
        }
    }

    /// Reads such a file; refused as a whole when anything in it cannot be.
    public init(json: [UInt8]) throws(TokenFileError) {
        guard json.count <= Self.fileLimit, let file = try? JSONDecoder().decode(File.self, from: Data(json)) else {
            throw TokenFileError("not a file of tokens")  // what the decoder quotes may be of a secret
        }
        guard file.version == Self.version else {
            throw TokenFileError("written by a newer Cairn (version \(file.version))")
        }
        var tokens: [Token] = []
        for record in file.tokens {
            guard let token = record.token() else { throw TokenFileError("a token that cannot be: \(record.name)") }
            tokens.append(token)
        }
        guard let table = TokenTable(tokens) else {
            throw TokenFileError("two tokens of one id or name, or more than \(Self.limit)")
        }
        self = table
    }

    /// The file that `init(json:)` reads.
    public var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let bytes = try? encoder.encode(File(version: Self.version, tokens: all.map(Record.init))) else {
            preconditionFailure("text and numbers always encode")  // whatever it says, the mistake is ours
        }
        return Array(bytes) + [UInt8(ascii: "\n")]
    }
}
