import Hashing
import Testing

@Suite struct `Hashing with SHA-256` {
    private static let known: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    @Test(arguments: known) func `the examples of FIPS 180 come out`(message: String, expected: String) {
        #expect(digest(of: Array(message.utf8)) == expected)
    }

    @Test func `the digest does not depend on how the bytes were cut in two`() {
        var seed = Seed(4)
        let message = seed.bytes(200)
        let whole = digest(of: message)
        for place in 0...message.count {
            var hasher = SHA256()
            hasher.update(message.span.extracting(first: place))
            hasher.update(message.span.extracting(droppingFirst: place))
            #expect(hex(hasher) == whole, "cut at \(place)")
        }
    }

    @Test func `finishing begins anew`() {
        var hasher = SHA256()
        hasher.update([1, 2, 3].span)
        _ = hasher.finish()
        #expect(hex(hasher) == Self.known[0].1)
    }

    @Test func `a fork goes on apart, and leaves its original as it was`() {
        var hasher = SHA256()
        hasher.update([1, 2].span)
        var fork = hasher.fork()
        fork.update([3].span)
        hasher.update([4].span)
        #expect(hex(fork) == digest(of: [1, 2, 3]))
        #expect(hex(hasher) == digest(of: [1, 2, 4]))
    }

    @Test func `a hasher may begin in one task and finish in another`() async {
        var seed = Seed(5)
        let message = seed.bytes(10_000)
        let whole = digest(of: message)
        await withTaskGroup(of: String.self) { group in
            for place in 0..<100 {
                var first = SHA256()
                first.update(message.span.extracting(first: place))
                let handed = Handed(first)
                group.addTask { handed.finish(after: message, from: place) }
            }
            for await digest in group { #expect(digest == whole) }
        }
    }

    /// A hasher on its way into a task.
    private final class Handed: Sendable {
        private let hasher: SHA256

        init(_ hasher: consuming SHA256) { self.hasher = hasher }

        func finish(after message: [UInt8], from place: Int) -> String {
            var rest = hasher.fork()
            rest.update(message.span.extracting(droppingFirst: place))
            return hex(rest)
        }
    }
}

private func digest(of message: [UInt8]) -> String {
    var hasher = SHA256()
    hasher.update(message.span)
    return hex(hasher)
}

private func hex(_ hasher: consuming SHA256) -> String {
    let digest = hasher.finish()
    return hex(digest.indices.map { digest[$0] })
}
