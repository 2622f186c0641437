/// Percent-encoding of UTF-8 (RFC 3986, section 2.1).
package enum PercentCoding {
    /// The bytes behind `text`, or nil when a `%` is not followed by two hex digits.
    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// The text behind `text`; nil also when it is not UTF-8 or holds a control character.
    package static func decode(_ text: some StringProtocol) -> String? {
        guard let bytes = bytes(text), let decoded = String(validating: bytes, as: UTF8.self) else { return nil }
        return decoded.hasControlCharacter ? nil : decoded
    }

    /// Every byte encoded that is neither a letter, a digit, one of `-._~`, nor one of `kept`.
    package static func encode(_ text: String, keeping kept: String = "") -> String {
        let kept = Set(kept.utf8).union("-._~".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if byte.isAlphanumeric || kept.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
