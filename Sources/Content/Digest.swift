import Hashing

/// Names bytes by what they are: a SHA-256 value, ordered as its bytes are.
///
/// As text it is 64 lower-case hexadecimal digits, so that one digest has one spelling, in paths and addresses too.
public struct Digest: Hashable, Sendable {
    /// The count of bytes in a digest.
    public static let length = 32

    /// The bytes in order, eight to a word, the first in a word's highest place.
    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    /// The digest whose bytes these are, as `SHA256` gives them.
    public init(_ bytes: InlineArray<32, UInt8>) {
        self.init(word: { bytes.span.word(at: 8 * $0) })
    }

    /// The digest whose bytes these are, or nil unless there are exactly 32.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        var inline = InlineArray<32, UInt8>(repeating: 0)
        for (place, byte) in bytes.enumerated() { inline[place] = byte }
        self.init(inline)
    }

    /// The digest of `bytes`.
    public init(hashing bytes: Span<UInt8>) {
        var hasher = SHA256()
        hasher.update(bytes)
        self.init(hasher.finish())
    }

    /// The digest whose bytes begin at `place`; `bytes` reaches that far.
    init(reading bytes: Span<UInt8>, at place: Int) {
        self.init(word: { bytes.word(at: place + 8 * $0) })
    }

    private init(word: (Int) -> UInt64) {
        word0 = word(0)
        word1 = word(1)
        word2 = word(2)
        word3 = word(3)
    }

    /// The first eight bytes as a number.
    package var leadingWord: UInt64 { word0 }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        append(to: &bytes)
        return bytes
    }

    /// Appends the 32 bytes.
    public func append(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: word0)
        bytes.append(bigEndian: word1)
        bytes.append(bigEndian: word2)
        bytes.append(bigEndian: word3)
    }

    /// Writes the 32 bytes from `place` on; `bytes` reaches that far.
    func write(to bytes: inout MutableSpan<UInt8>, at place: Int) {
        bytes.write(bigEndian: word0, at: place)
        bytes.write(bigEndian: word1, at: place + 8)
        bytes.write(bigEndian: word2, at: place + 16)
        bytes.write(bigEndian: word3, at: place + 24)
    }
}

extension Digest: Comparable {
    public static func < (left: Digest, right: Digest) -> Bool {
        (left.word0, left.word1, left.word2, left.word3) < (right.word0, right.word1, right.word2, right.word3)
    }
}
