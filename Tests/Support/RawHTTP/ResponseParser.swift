/// Reads answers strictly: what a lenient client would forgive is an error here.
struct ResponseParser {
    private var bytes: ArraySlice<UInt8>
    private let isComplete: Bool

    /// - Parameter isComplete: Whether the connection has ended, so that nothing follows `bytes`.
    init(_ bytes: [UInt8], isComplete: Bool) {
        self.bytes = bytes[...]
        self.isComplete = isComplete
    }

    /// The first answer and how many bytes it took; nil when more are needed.
    mutating func response(toHead: Bool) throws(RawError) -> (RawResponse, length: Int)? {
        let count = bytes.count
        guard let line = line() else { return nil }
        var response = try Self.statusLine(line)
        guard let fields = try self.fields() else { return nil }
        response.fields = fields
        guard let whole = try toHead || Self.isBodiless(response.status) ? response : body(of: response) else {
            return nil
        }
        return (whole, count - bytes.count)
    }

    private static func isBodiless(_ status: Int) -> Bool { status < 200 || status == 204 || status == 304 }

    private static func statusLine(_ line: String) throws(RawError) -> RawResponse {
        let pieces = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3, pieces[0] == "HTTP/1.1", pieces[1].utf8.count == 3, let status = Int(pieces[1]) else {
            throw .malformed(line)
        }
        return RawResponse(status: status, reason: String(pieces[2]))
    }

    private mutating func fields() throws(RawError) -> [RawResponse.Field]? {
        var fields: [RawResponse.Field] = []
        while let line = line() {
            if line.isEmpty { return fields }
            guard let colon = line.firstIndex(of: ":") else { throw .malformed(line) }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields.append(.init(name: String(line[..<colon]), value: String(value)))
        }
        return nil
    }

    private mutating func body(of response: RawResponse) throws(RawError) -> RawResponse? {
        var response = response
        if response["transfer-encoding"] == "chunked" { return try chunks(of: response) }
        if let text = response["content-length"] {
            guard let length = Int(text) else { throw .malformed(text) }
            guard let body = take(length) else { return nil }
            response.body = body
            return response
        }
        guard isComplete else { return nil }
        response.body = Array(bytes)
        bytes = []
        return response
    }

    private mutating func chunks(of response: RawResponse) throws(RawError) -> RawResponse? {
        var response = response
        while let line = line() {
            guard let length = Int(line, radix: 16) else { throw .malformed(line) }
            if length == 0 {
                guard let trailers = try fields() else { return nil }
                response.trailers = trailers
                return response
            }
            guard let chunk = take(length), self.line() != nil else { return nil }
            response.body += chunk
        }
        return nil
    }

    private mutating func line() -> String? {
        guard let end = bytes.firstIndex(of: 10), end > bytes.startIndex, bytes[end - 1] == 13 else { return nil }
        defer { bytes = bytes[(end + 1)...] }
        return String(decoding: bytes[..<(end - 1)], as: UTF8.self)
    }

    private mutating func take(_ length: Int) -> [UInt8]? {
        guard bytes.count >= length else { return nil }
        defer { bytes = bytes.dropFirst(length) }
        return Array(bytes.prefix(length))
    }
}
