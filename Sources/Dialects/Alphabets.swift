extension StringProtocol {
    /// Whether it is one decimal digit or more, and nothing else.
    var isDecimal: Bool { !isEmpty && utf8.allSatisfy { $0.isDigit } }

    /// Whether a C0 or C1 control character or DEL is in it: no name, path or type has one.
    var hasControlCharacter: Bool {
        unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    }
}

extension StringProtocol {
    /// Without spaces and tabs at either end: optional white space (RFC 9110, section 5.6.3).
    package var trimmingBlanks: SubSequence {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        let start = firstIndex { !isBlank($0) } ?? endIndex
        let end = lastIndex { !isBlank($0) }.map { index(after: $0) } ?? start
        return self[start..<end]
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isAlphanumeric: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
