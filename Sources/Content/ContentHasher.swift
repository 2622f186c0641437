import Hashing

/// Digests bytes that come in parts, and can tell the digest so far at any of their ends.
public struct ContentHasher: ~Copyable, Sendable {
    private var hasher: SHA256

    /// Begins with no bytes.
    public init() {
        hasher = SHA256()
    }

    private init(hasher: consuming SHA256) {
        self.hasher = hasher
    }

    /// Goes on with `bytes`, read in place.
    public mutating func update(_ bytes: Span<UInt8>) {
        hasher.update(bytes)
    }

    /// The digest of the bytes so far; more may follow.
    public borrowing func digest() -> Digest {
        var fork = hasher.fork()
        return Digest(fork.finish())
    }

    /// The digest of all bytes since the start or the last `finish`; begins anew.
    public mutating func finish() -> Digest {
        Digest(hasher.finish())
    }

    /// Another hasher that has seen the same bytes; the two go on apart.
    public borrowing func fork() -> ContentHasher {
        ContentHasher(hasher: hasher.fork())
    }
}
