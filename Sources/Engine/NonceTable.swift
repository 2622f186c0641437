import CairnContent

/// The nonces that were given out and not yet used: each for one upload, once, for a while.
struct NonceTable {
    /// The most at once; beyond that the oldest are forgotten.
    static let countLimit = 4096
    /// In seconds.
    static let lifetime: Int64 = 60

    private var given: [[UInt8]: (upload: UploadID, until: Timestamp)] = [:]
    private var order: [[UInt8]] = []

    mutating func give(for upload: UploadID, at moment: Timestamp) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let nonce = (0..<ChunkProof.nonceLength).map { _ in UInt8.random(in: 0...255, using: &generator) }
        given[nonce] = (upload, Timestamp(seconds: moment.seconds + Self.lifetime))
        order.append(nonce)
        if order.count > Self.countLimit { given[order.removeFirst()] = nil }
        return nonce
    }

    /// Whether the nonce was given for this upload, not long ago; it is used up by that.
    mutating func use(_ nonce: [UInt8], for upload: UploadID, at moment: Timestamp) -> Bool {
        guard let found = given[nonce], found.upload == upload else { return false }
        given[nonce] = nil
        order.removeAll { $0 == nonce }
        return moment <= found.until
    }
}
