/// Who can reach a server by the address it listens on, and what such a server must have.
///
/// Pure: a rule per requirement, so that a command refuses before it listens.
package enum Exposure: Hashable, Sendable {
    /// Only this machine.
    case local
    /// Perhaps anyone.
    case open

    /// - Parameter host: A name or an address, without brackets; nil for a socket of the file system.
    ///
    /// Of names only `localhost` is believed to stay here: what others mean is decided elsewhere.
    package init(host: String?) {
        guard let host else {
            self = .local
            return
        }
        let isLocal = host.lowercased() == "localhost" || host == "::1" || Self.isLoopback4(host)
        self = isLocal ? .local : .open
    }

    /// Whether a server may listen there: with the protection that is asked about (TLS, tokens), where only this
    /// machine reaches it, or because its operator has said so.
    package func permits(isProtected: Bool, isAllowed: Bool = false) -> Bool {
        self == .local || isProtected || isAllowed
    }

    /// 127.0.0.0/8 in full: four decimal numbers and no other spelling.
    private static func isLoopback4(_ host: String) -> Bool {
        let pieces = host.split(separator: ".", omittingEmptySubsequences: false)
        return pieces.count == 4 && pieces[0] == "127"
            && pieces.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8($0) != nil }
    }
}
