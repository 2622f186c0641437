import CairnContent
import CairnDialects

/// What a client calls an upload, so that a later run finds it again: the value of `X-File-Id`.
///
/// It is a name and not a proof; that the bytes are the same ones is shown by the prefix digest.
public struct FileKey: Hashable, Sendable, CustomStringConvertible {
    /// As the server is told it.
    public let description: String

    /// `<name>-<length>-<modified>`, as the browser's page makes it.
    ///
    /// The name is percent-encoded, so it travels in any script; a name too long for the field stands there by its
    /// digest.
    /// - Parameters:
    ///   - length: In bytes.
    ///   - modified: Milliseconds since 1970.
    public init(name: String, length: Int64, modified: Int64) {
        let encoded = PercentCoding.encode(name, keeping: "/")
        let fits = encoded.utf8.count <= Self.nameLimit
        let short = fits ? encoded : "sha256-\(Digest(hashing: Array(name.utf8).span))"
        description = "\(short)-\(length)-\(modified)"
    }

    /// A name for what can be read only once: 128 random bits.
    package init(using generator: inout some RandomNumberGenerator) {
        let words = [generator.next(), generator.next()] as [UInt64]
        description = "stream-" + words.map { Self.hexadecimal($0) }.joined()
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// A server refuses ids over 1 KiB; the numbers need 42 bytes of it.
    private static let nameLimit = 1024 - 42
}
