/// How a chunk stands in the ledger: the numbers of `chunk.state`.
enum ChunkState: Int {
    /// Durable under its digest.
    case live = 0
    /// Its file is not what the digest says; whoever brings the bytes heals it.
    case corrupt = 1
    /// Nothing refers to it, and nothing will before its bytes are kept anew; its file is about to go.
    case condemned = 2
}
