import ArgumentParser
import CairnServer

/// `HOST:PORT`, where an IPv6 address stands in brackets, or `unix:PATH`.
enum ListenAddress: ExpressibleByArgument, CustomStringConvertible {
    case network(host: String, port: Int)
    case socket(path: String)

    init?(argument: String) {
        if argument.hasPrefix("unix:") {
            let path = String(argument.dropFirst("unix:".count))
            // What the system takes: 108 bytes with the one that ends it.
            guard (1...107).contains(path.utf8.count) else { return nil }
            self = .socket(path: path)
            return
        }
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        let host = argument[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard !host.isEmpty, isBracketed || !host.contains(":") else { return nil }
        self = .network(host: isBracketed ? String(host.dropFirst().dropLast()) : String(host), port: port)
    }

    var exposure: Exposure {
        switch self {
        case .network(let host, _): Exposure(host: host)
        case .socket: Exposure(host: nil)
        }
    }

    /// The same with the port that was found free.
    func with(port: Int) -> ListenAddress {
        if case .network(let host, _) = self { .network(host: host, port: port) } else { self }
    }

    var description: String {
        switch self {
        case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .socket(let path): "unix:\(path)"
        }
    }

    /// The URL that clients are given.
    func url(isSecure: Bool) -> String {
        let scheme = isSecure ? "https" : "http"
        guard case .socket(let path) = self else { return "\(scheme)://\(self)" }
        let escaped = path.utf8.map { byte in
            let isPlain =
                (byte < 0x7F && Character(Unicode.Scalar(byte)).isLetter) || "0123456789-._~".utf8.contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(Unicode.Scalar(byte)) : "%" + (digits.count == 1 ? "0" : "") + digits
        }
        return "\(scheme)+unix://\(escaped.joined())"
    }
}

/// Permissions in octal digits, as of `chmod`.
struct FileMode: ExpressibleByArgument, CustomStringConvertible {
    let bits: Int

    init(bits: Int) { self.bits = bits }

    init?(argument: String) {
        guard let bits = Int(argument, radix: 8), (0...0o777).contains(bits) else { return nil }
        self.bits = bits
    }

    var description: String {
        let digits = String(bits, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
