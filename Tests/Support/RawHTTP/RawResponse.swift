/// An answer as it came over the wire.
public struct RawResponse: Hashable, Sendable {
    public var status: Int
    public var reason: String
    /// Names as sent, in order.
    public var fields: [Field] = []
    public var body: [UInt8] = []
    public var trailers: [Field] = []

    public struct Field: Hashable, Sendable {
        public let name: String
        public let value: String
    }

    /// The values under `name`, joined by commas; nil when there is none.
    public subscript(name: String) -> String? {
        let values = fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    public var text: String { String(decoding: body, as: UTF8.self) }

    public var isInterim: Bool { (100..<200).contains(status) }
}

/// What is wrong with an answer, or with the connection it was to come over.
public enum RawError: Error, Hashable {
    case malformed(String)
    /// The connection ended in the middle of an answer, after that many bytes of it.
    case ended(after: Int)
    case reset
    /// Nothing came for as long as a test waits.
    case silence
}
