/// How a chunk stands in the ledger: the numbers of `chunk.state`.
enum ChunkState: Int {
    /// Durable under its digest.
    case live = 0
    /// Its bytes are lost; whoever brings them heals it.
    case damaged = 1
    /// Nothing refers to it, and nothing will before its bytes are kept anew; its file is about to go.
    case condemned = 2
}
