import CairnContent
public import CairnEngine

/// All tokens of a data directory: who is known here.
public struct TokenTable: Hashable, Sendable {
    /// The most tokens there may be.
    public static let limit = 10_000

    private var tokens: [String: Token] = [:]

    /// Nobody is known.
    public init() {}

    /// Nil when two have one id or one name, or there are too many.
    public init?(_ tokens: some Collection<Token>) {
        for token in tokens {
            guard add(token) else { return nil }
        }
    }

    /// False, and nothing is changed, when the id or the name is taken or there are too many.
    public mutating func add(_ token: Token) -> Bool {
        guard tokens.count < Self.limit, tokens[token.id] == nil,
            !tokens.values.contains(where: { $0.name == token.name })
        else { return false }
        tokens[token.id] = token
        return true
    }

    /// Removes the token of that id or name, and returns it; nil when there is none.
    public mutating func remove(_ idOrName: String) -> Token? {
        guard let token = tokens[idOrName] ?? tokens.values.first(where: { $0.name == idOrName }) else { return nil }
        return tokens.removeValue(forKey: token.id)
    }

    /// In order of their names.
    public var all: [Token] { tokens.values.sorted { $0.name < $1.name } }

    /// Where its tokens count.
    public var namespaces: Set<Namespace> { Set(tokens.values.map(\.namespace)) }

    /// The token of that id; nil when there is none.
    public subscript(id: String) -> Token? { tokens[id] }

    /// The token whose secret `text` holds, while it counts.
    ///
    /// A wrong secret and an unknown id take the same steps, and where the digests differ does not show in the time.
    public func token(of text: String, at moment: Timestamp) -> Token? {
        guard let text = TokenText(text) else { return nil }
        let known = tokens[text.id]
        let isRight = text.digest.equals(known?.digest ?? Self.nobody)
        guard let known, isRight, known.isValid(at: moment) else { return nil }
        return known
    }

    /// The digest that no token has.
    private static let nobody = Digest(hashing: Array("".utf8).span)
}

extension Digest {
    /// Whether both are the same, looking at all bytes whatever they are.
    func equals(_ other: Digest) -> Bool {
        zip(bytes, other.bytes).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
