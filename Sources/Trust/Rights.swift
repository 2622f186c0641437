/// What a token lets its holder do in its namespace, with what is its principal's own.
public struct Rights: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Begin uploads, bring their bytes, ask how they stand, and give them up.
    public static let put = Rights(rawValue: 1)
    /// Read files, and what has arrived of uploads.
    public static let get = Rights(rawValue: 2)
    /// List files and uploads.
    public static let list = Rights(rawValue: 4)
    /// Remove complete files.
    public static let delete = Rights(rawValue: 8)
    /// The same with what is anybody's in the namespace.
    public static let admin = Rights(rawValue: 16)

    /// Everything.
    public static let all: Rights = [.put, .get, .list, .delete, .admin]

    /// By their words, in the order they are told in.
    private static let words: [(String, Rights)] = [
        ("put", .put), ("get", .get), ("list", .list), ("delete", .delete), ("admin", .admin),
    ]

    /// The right of that word; nil when there is none.
    public init?(word: some StringProtocol) {
        guard let right = Self.words.first(where: { $0.0 == word })?.1 else { return nil }
        self = right
    }

    /// The rights of these words; nil when one is none.
    public init?(words: some Collection<some StringProtocol>) {
        var rights: Rights = []
        for word in words {
            guard let right = Rights(word: word) else { return nil }
            rights.insert(right)
        }
        self = rights
    }

    /// The words of the rights in it.
    public var words: [String] { Self.words.filter { contains($0.1) }.map(\.0) }
}
