package import CairnContent
package import CairnEngine
package import HTTPTypes

/// What answers may say besides what happened: the server's limits, and what time it is.
package struct Setting: Hashable, Sendable {
    package let limits: Limits
    /// Of uploads that begin now.
    package let chunkSize: ChunkSize
    package let moment: Timestamp
    /// Whether a proxy that is trusted has sent the request, so that it says where clients reach this server.
    package let isForwarded: Bool
    package let origins: Origins

    package init(
        limits: Limits = Limits(), chunkSize: ChunkSize = .standard, moment: Timestamp = Timestamp(seconds: 0),
        isForwarded: Bool = false, origins: Origins = .any
    ) {
        self.limits = limits
        self.chunkSize = chunkSize
        self.moment = moment
        self.isForwarded = isForwarded
        self.origins = origins
    }

    /// The longest file, in bytes.
    var length: Int64 { limits.length(at: chunkSize) }
}

/// The head of a request as dialects read it: path and query taken apart once.
package struct RequestHead: Hashable, Sendable {
    /// The method, after `X-HTTP-Method-Override`.
    package let method: HTTPRequest.Method
    /// The path's pieces between slashes, as sent: still percent-encoded.
    package let path: [String]
    /// As sent, without the question mark.
    package let query: String
    package let fields: HTTPFields
    /// The request's own id: stands in the log and in problems.
    package let id: String
    /// What holds for the server and the moment.
    package let setting: Setting
    /// Scheme and authority, where clients reach this server; nil when the request names none fit to repeat.
    let origin: String?

    /// Takes the request's target apart.
    ///
    /// - Throws: `path` unless it is a path of visible ASCII characters; `header` for an override that is none.
    package init(_ request: HTTPRequest, id: String = "", in setting: Setting = Setting()) throws(RequestError) {
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
        self.setting = setting
        let forwarded = setting.isForwarded ? Forwarded(fields) : Forwarded()
        let scheme = forwarded.scheme ?? (request.scheme == "https" ? "https" : "http")
        let host = forwarded.host ?? request.authority
        origin = host.flatMap { Self.isHost($0) ? "\(scheme)://\($0)" : nil }
    }

    /// A name or an address, and perhaps a port.
    private static func isHost(_ authority: String) -> Bool {
        !authority.isEmpty && authority.utf8.count <= 255
            && authority.utf8.allSatisfy { $0.isAlphanumeric || "-._:[]".utf8.contains($0) }
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
