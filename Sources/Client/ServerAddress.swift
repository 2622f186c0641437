import FoundationEssentials

/// Where a server is: `http` or `https`, host, port, and the path it is mounted at, if any; or `http+unix` and the
/// percent-encoded path of a socket.
public struct ServerAddress: Hashable, Sendable, LosslessStringConvertible {
    /// The address as given, without a slash at its end.
    public let description: String

    /// An address like `https://files.example.org/cairn`, or nil.
    ///
    /// Without a scheme it is `http`. A query, a fragment or a password has no place in it.
    public init?(_ text: String) {
        let text = text.contains("://") ? text : "http://" + text
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https", "http+unix", "https+unix"].contains(scheme), let host = parts.host, !host.isEmpty,
            parts.port.map({ (1...65_535).contains($0) }) ?? true, parts.query == nil, parts.fragment == nil,
            parts.user == nil, parts.password == nil
        else { return nil }
        let end = text.lastIndex { $0 != "/" } ?? text.startIndex
        description = String(text[...end])
    }

    /// Whether it is a socket of the file system.
    var isSocket: Bool { description.prefix { $0 != ":" }.lowercased().hasSuffix("+unix") }

    /// The URL of `path`, which begins with a slash and is percent-encoded, on this server.
    func url(_ path: String) -> String { description + path }
}
