/// The pages that may use this server from another origin (Fetch standard, "CORS").
public enum Origins: Hashable, Sendable {
    /// Any page, under `/files`: what tus and plain clients use.
    case any
    /// Pages of these origins and no others, under every path; none when it is empty.
    case listed(Set<String>)

    /// Whether `text` is an origin as browsers write one: scheme, host in lower case, and a port that is not the
    /// scheme's own.
    public static func isOrigin(_ text: String) -> Bool {
        guard let match = text.wholeMatch(of: /(https?):\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/) else {
            return false
        }
        guard let port = match.3 else { return true }
        let number = Int(port) ?? 0
        return (1...65_535).contains(number) && !port.hasPrefix("0") && number != (match.1 == "http" ? 80 : 443)
    }
}
