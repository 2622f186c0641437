/// Whether a body still comes fast enough to be waited for: counts its bytes from one checkpoint to the next.
struct Patience {
    /// How many checkpoints a client has for `Limits.stallLength` bytes.
    private let countLimit: Int
    private let length: Int
    private var count = 0
    private var received = 0

    init(_ limits: Limits) {
        countLimit = max(Int(limits.stall / limits.checkpoint), 1)
        length = limits.stallLength
    }

    mutating func received(_ length: Int) {
        received += length
        guard received >= self.length else { return }
        (count, received) = (0, 0)
    }

    /// A checkpoint has come; false when too little came for too long.
    mutating func holds() -> Bool {
        count += 1
        return count < countLimit
    }
}
