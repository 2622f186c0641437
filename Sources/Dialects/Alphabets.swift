extension StringProtocol {
    /// Whether it is one decimal digit or more, and nothing else.
    var isDecimal: Bool { !isEmpty && utf8.allSatisfy { $0.isDigit } }

    /// Whether a C0 or C1 control character or DEL is in it: no name, path or type has one.
    var hasControlCharacter: Bool {
        unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isAlphanumeric: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
