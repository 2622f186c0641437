import CairnContent

/// What one core of this machine does, in bytes a second.
struct ProcessorSpeed: Hashable, Sendable {
    /// SHA-256.
    let hashing: Int64
    /// LZ4 of text, as a chunk is packed: decoded and compared, too.
    let packing: Int64

    /// Takes half a second.
    static func measured() -> ProcessorSpeed {
        let chunk = text(ChunkSize.standard.length)
        return ProcessorSpeed(
            hashing: rate(chunk.count) { _ = Digest(hashing: chunk.span) },
            packing: rate(chunk.count) { _ = ChunkBlock.encoding(chunk.span) })
    }

    /// Words of a thousand, the first ones most often: it shrinks to about a half, as written language does.
    private static func text(_ length: Int) -> [UInt8] {
        var state: UInt64 = 1
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let letters = Array("etaoinshrdlucmfwypvbgkjqxz".utf8)
        let words = (0..<1000).map { _ in (0..<2 + next(8)).map { _ in letters[next(1 + next(letters.count))] } }
        var text: [UInt8] = []
        text.reserveCapacity(length + 16)
        while text.count < length { text += words[next(1 + next(words.count))] + [UInt8(ascii: " ")] }
        return Array(text.prefix(length))
    }

    private static func rate(_ length: Int, _ work: () -> Void) -> Int64 {
        let start = ContinuousClock.now
        var rounds = 0
        repeat {
            work()
            rounds += 1
        } while ContinuousClock.now - start < .milliseconds(250)
        return Int64(rounds * length).rate(in: ContinuousClock.now - start)
    }
}

extension Int64 {
    /// This many bytes in `time`, in bytes a second; at most so many as can be said.
    func rate(in time: Duration) -> Int64 {
        let seconds = Swift.max(time / .seconds(1), 1e-9)
        return Int64(Swift.min(Double(self) / seconds, 1e15))
    }
}
