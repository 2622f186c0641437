/// Reads `token; name=value; name="quoted value"` (RFC 9110, section 5.6.6), the value's text in any script.
struct ParameterParser {
    private var rest: Substring.UnicodeScalarView

    init(_ text: String) { rest = Substring(text).unicodeScalars }

    mutating func token() -> String? {
        skipSpace()
        let token = rest.prefix { MediaType.isToken(String($0)) }
        rest = rest.dropFirst(token.count)
        return token.isEmpty ? nil : String(token)
    }

    /// All parameters to the end, names in lower case; nil when one is malformed or comes twice.
    mutating func parameters() -> [String: String]? {
        var parameters: [String: String] = [:]
        while true {
            skipSpace()
            guard let separator = rest.popFirst() else { return parameters }
            guard separator == ";" else { return nil }
            skipSpace()
            if rest.isEmpty || rest.first == ";" { continue }
            guard let name = token()?.lowercased(), take("="), let value = value(), parameters[name] == nil else {
                return nil
            }
            parameters[name] = value
        }
    }

    private mutating func value() -> String? {
        rest.first == "\"" ? quotedString() : bareValue()
    }

    /// A token, or what senders write instead of one: anything up to a space or a semicolon.
    private mutating func bareValue() -> String? {
        let value = rest.prefix { $0 != ";" && $0 != " " && $0 != "\t" && $0 != "\"" }
        rest = rest.dropFirst(value.count)
        return value.isEmpty ? nil : String(value)
    }

    /// RFC 9110, section 5.6.4.
    private mutating func quotedString() -> String? {
        rest.removeFirst()
        var value = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(value)
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped)
            default: value.append(scalar)
            }
        }
        return nil
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        skipSpace()
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        skipSpace()
        return true
    }

    private mutating func skipSpace() { rest = rest.drop { $0 == " " || $0 == "\t" } }
}
