/// How much one principal may have here at once; what is nil has no limit of its own. All are inclusive.
public struct Allowance: Hashable, Sendable, Codable {
    /// Bytes of its files and uploads together; an upload counts with the length it declares.
    public var length: Int64?
    /// Uploads that are open.
    public var uploads: Int?
    /// Bytes of request bodies a second, over all its requests; at least `rateMinimum`.
    public var rate: Int64?

    /// Slower, a body could not bring what keeps it from being cut as stalled.
    public static let rateMinimum: Int64 = 64 * 1024

    /// No limits, unless told.
    public init(length: Int64? = nil, uploads: Int? = nil, rate: Int64? = nil) {
        self.length = length
        self.uploads = uploads
        self.rate = rate
    }

    /// Whether every limit is one that can be kept.
    var isSound: Bool { (length ?? 0) >= 0 && (uploads ?? 0) >= 0 && (rate ?? Self.rateMinimum) >= Self.rateMinimum }
}
