import CairnContent
import FoundationEssentials

/// A JSON value to be written (RFC 8259). Members keep their order, so equal answers are equal bytes.
package enum JSON: Sendable {
    case null
    case bool(Bool)
    case number(Int64)
    case string(String)
    case array([JSON])
    case object([(String, JSON)])

    /// The text, or null.
    static func text(_ string: (some CustomStringConvertible)?) -> JSON {
        string.map { .string($0.description) } ?? .null
    }

    /// Missing entries, in the shorter form (spec/native.md, "Naming entries").
    static func missing(_ missing: MissingIndices) -> JSON {
        switch missing.form {
        case .ranges(let text): .object([("ranges", .string(text))])
        case .bitmap(let bytes): .object([("bitmap", .string(Data(bytes).base64EncodedString()))])
        }
    }

    /// The number, or null.
    static func count(_ number: Int64?) -> JSON { number.map { .number($0) } ?? .null }
}

extension JSON: CustomStringConvertible {
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): "\(value)"
        case .string(let value): Self.quoted(value)
        case .array(let elements): "[\(elements.map(\.description).joined(separator: ","))]"
        case .object(let members):
            "{\(members.map { "\(Self.quoted($0))\(":")\($1)" }.joined(separator: ","))}"
        }
    }

    /// Control characters are escaped, and so are `<` and U+2028, U+2029: the text may end up inside a page.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\0"..<" ", "\u{7F}"..."\u{9F}", "<", "\u{2028}", "\u{2029}": quoted += escaped(scalar)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
