import CairnContent
import Testing

@Suite struct `Hashing content` {
    @Test func `the digest so far can be asked at any place, and does not disturb what follows`() {
        let bytes = content(0..<150)
        var hasher = ContentHasher()
        for end in 0..<bytes.count {
            let digestSoFar = hasher.digest()
            #expect(digestSoFar == digest(of: Array(bytes[..<end])))
            hasher.update(bytes.span.extracting(end..<end + 1))
        }
        let whole = hasher.finish()
        #expect(whole == digest(of: bytes))
    }

    @Test func `finishing begins anew`() {
        var hasher = ContentHasher()
        hasher.update([1].span)
        _ = hasher.finish()
        let empty = hasher.finish()
        #expect(empty == digest(of: []))
    }

    @Test func `a fork goes on apart`() {
        var hasher = ContentHasher()
        hasher.update([1].span)
        var fork = hasher.fork()
        fork.update([2].span)
        let forked = fork.finish()
        let original = hasher.finish()
        #expect(forked == digest(of: [1, 2]))
        #expect(original == digest(of: [1]))
    }
}
