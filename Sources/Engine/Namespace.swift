/// A domain of trust and of dedup: uploads, files and chunks of one namespace never meet another's.
///
/// 1 to 64 characters of `a`–`z`, `0`–`9` and `-`, so that it can name a folder.
public struct Namespace: Hashable, Sendable, LosslessStringConvertible {
    public let description: String

    public init?(_ description: String) {
        let allowed = description.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
        }
        guard allowed, (1...64).contains(description.utf8.count) else { return nil }
        self.description = description
    }

    /// The one namespace of a store that has not been given others.
    public static let standard = Namespace("default")!
}

/// Who asks: the owner of what they upload. Without tokens there is one, `everyone`.
public struct Principal: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// The principal of a server that asks nobody who they are.
    public static let everyone = Principal("everyone")
}
