extension Digest: CustomStringConvertible, LosslessStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * Self.length)
        appendText(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The digest so spelled, or nil unless `description` is exactly 64 lower-case hexadecimal digits.
    public init?(_ description: String) {
        guard description.utf8.count == 2 * Self.length else { return nil }
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        for (place, character) in description.utf8.enumerated() {
            guard let digit = Self.value(of: character) else { return nil }
            bytes[place / 2] = bytes[place / 2] << 4 | digit
        }
        self.init(bytes)
    }

    /// Appends the 64 digits as ASCII.
    func appendText(to text: inout [UInt8]) {
        for byte in bytes {
            text.append(Self.digit(byte >> 4))
            text.append(Self.digit(byte & 0xF))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension Digest: Codable {
    /// Reads the 64 digits; anything else is corrupt data.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = Digest(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a digest is 64 lower-case hexadecimal digits")
        }
        self = digest
    }

    /// Writes the 64 digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
