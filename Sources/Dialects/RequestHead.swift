public import HTTPTypes

/// The head of a request as dialects read it: path and query taken apart once.
public struct RequestHead: Hashable, Sendable {
    /// The method, after `X-HTTP-Method-Override`.
    public let method: HTTPRequest.Method
    /// The path's pieces between slashes, as sent: still percent-encoded.
    public let path: [String]
    /// As sent, without the question mark.
    public let query: String
    public let fields: HTTPFields
    /// The request's own id: stands in the log and in problems.
    public let id: String

    /// Takes the request's target apart.
    ///
    /// - Throws: `path` unless it is a path of visible ASCII characters; `header` for an override that is none.
    public init(_ request: HTTPRequest, id: String = "") throws(RequestError) {
        let target = request.path ?? ""
        guard target.utf8.first == UInt8(ascii: "/"), target.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
            throw .path
        }
        let pieces = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = pieces[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        query = pieces.count == 2 ? String(pieces[1]) : ""
        fields = request.headerFields
        method = try Self.method(of: request)
        self.id = id
    }

    /// An override may turn a POST into a method that answers like one; into HEAD it would leave a client waiting for
    /// the body of a POST.
    private static func method(of request: HTTPRequest) throws(RequestError) -> HTTPRequest.Method {
        guard let name = request.headerFields[.methodOverride] else { return request.method }
        guard request.method == .post, let method = HTTPRequest.Method(name.uppercased()),
            [.patch, .delete, .put, .post].contains(method)
        else { throw .header(.methodOverride) }
        return method
    }

    /// The decoded value of a query parameter; nil when it is absent.
    ///
    /// - Throws: `query` for a bad escape or a parameter that comes twice.
    func parameter(_ name: String) throws(RequestError) -> String? {
        let values = query.split(separator: "&").compactMap { pair in
            pair.hasPrefix(name + "=") ? pair.dropFirst(name.utf8.count + 1) : nil
        }
        guard values.count < 2 else { throw .query }
        guard let value = values.first else { return nil }
        guard let text = PercentCoding.decode(value) else { throw .query }
        return text
    }
}
