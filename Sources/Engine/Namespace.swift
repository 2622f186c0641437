/// A domain of trust and of dedup: uploads, files and chunks of one namespace never meet another's.
///
/// 1 to 64 characters of `a`–`z`, `0`–`9` and `-`, so that it can name a folder.
public struct Namespace: Hashable, Sendable, LosslessStringConvertible {
    /// The name.
    public let description: String

    /// Nil unless the name is of the alphabet and of a length that it may have.
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
///
/// Two of one name are the same, however far each reaches.
public struct Principal: Hashable, Sendable, CustomStringConvertible {
    /// Whose uploads one may do with what one may do with one's own.
    public enum Reach: Hashable, Sendable {
        /// Its own. Under a `single` key, the one that began under it: the caller has looked that it is the one.
        case single, own
        /// Those of everyone in the namespace.
        case namespace
    }

    /// The name.
    public let description: String
    /// How far it reaches.
    public let reach: Reach

    /// - Parameter description: Always the same for the same one; it is kept with each upload.
    public init(_ description: String, reach: Reach = .own) {
        self.description = description
        self.reach = reach
    }

    public static func == (left: Principal, right: Principal) -> Bool { left.description == right.description }

    public func hash(into hasher: inout Hasher) { hasher.combine(description) }

    /// Whether what `owner` has uploaded is there for this one.
    func reaches(_ owner: Principal) -> Bool { self == owner || reach == .namespace }

    /// The principal of a server that asks nobody who they are.
    public static let everyone = Principal("everyone")
}
