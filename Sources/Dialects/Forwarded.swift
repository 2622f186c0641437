import HTTPTypes

/// How a client reached the first proxy: `Forwarded` (RFC 7239), else the `X-Forwarded` fields.
///
/// Anyone can write these, so only those of a trusted proxy are read.
struct Forwarded: Hashable, Sendable {
    /// `http` or `https`.
    private(set) var scheme: String?
    private(set) var host: String?

    init() {}

    init(_ fields: HTTPFields) {
        if let text = fields[.forwarded] {
            let first = text.prefix { $0 != "," }
            for pair in first.split(separator: ";") {
                let halves = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingBlanks }
                guard halves.count == 2 else { continue }
                let value = halves[1].filter { $0 != "\"" }
                switch halves[0].lowercased() {
                case "proto": scheme = Self.scheme(value)
                case "host": host = value
                default: break
                }
            }
            return
        }
        scheme = fields[.xForwardedProto].flatMap { Self.scheme(Self.first($0)) }
        host = fields[.xForwardedHost].map { Self.first($0) }
    }

    /// The first of a list: what the proxy nearest to the client has written.
    private static func first(_ list: String) -> String { String(list.prefix { $0 != "," }.trimmingBlanks) }

    private static func scheme(_ text: some StringProtocol) -> String? {
        let scheme = text.lowercased()
        return ["http", "https"].contains(scheme) ? scheme : nil
    }
}
