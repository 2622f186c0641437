/// `Content-Disposition` with a file's name (RFC 6266; `filename*` by RFC 8187).
///
/// Names may be in any script and may hold slashes; they are never taken for a path here.
package struct ContentDisposition: Hashable, Sendable {
    /// `attachment`, `inline`, `form-data`, in lower case.
    package let type: String
    /// Nil when the field names no file.
    package let fileName: String?

    /// Offers the file for saving.
    package init(attachment fileName: String?) {
        type = "attachment"
        self.fileName = fileName
    }

    /// Lets a browser show the file.
    private init(inline fileName: String?) {
        type = "inline"
        self.fileName = fileName
    }

    /// What an answer says of a stored file: only the last piece of its name, so that no client is led into a folder.
    ///
    /// - Parameter type: The file's media type: what a browser can show without running anything it may show.
    static func download(of name: String?, as type: String) -> ContentDisposition {
        let last = name?.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init)
        let name = last == "." || last == ".." ? nil : last
        return MediaType.isHarmless(type)
            ? ContentDisposition(inline: name) : ContentDisposition(attachment: name)
    }
}

extension ContentDisposition: LosslessStringConvertible {
    /// The field's value, or nil when it is malformed, says a thing twice, or holds a control character.
    package init?(_ description: String) {
        var parser = ParameterParser(description)
        guard let type = parser.token(), let parameters = parser.parameters() else { return nil }
        self.type = type.lowercased()
        let plain = parameters["filename"]
        var extended: String?
        if let value = parameters["filename*"] {
            guard let decoded = Self.extendedValue(value) else { return nil }
            extended = decoded
        }
        let name = extended ?? plain
        if let name, name.hasControlCharacter { return nil }
        fileName = name?.isEmpty == true ? nil : name
    }

    /// `filename` in ASCII for old readers, `filename*` beside it where that is not the whole name.
    package var description: String {
        guard let fileName else { return type }
        let scalars = fileName.unicodeScalars.map { scalar in
            scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F && !"\"\\%".unicodeScalars.contains(scalar)
                ? scalar : "_"
        }
        let ascii = String(String.UnicodeScalarView(scalars))
        let extended =
            ascii == fileName ? "" : "; filename*=UTF-8''\(PercentCoding.encode(fileName, keeping: "!#$&+^`|"))"
        return "\(type); filename=\"\(ascii)\"\(extended)"
    }

    /// `charset'language'encoded` (RFC 8187, section 3.2); nil for a charset that is neither UTF-8 nor Latin-1.
    private static func extendedValue(_ value: String) -> String? {
        let pieces = value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3, let bytes = PercentCoding.bytes(pieces[2]) else { return nil }
        switch pieces[0].lowercased() {
        case "utf-8": return String(validating: bytes, as: UTF8.self)
        case "iso-8859-1": return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        default: return nil
        }
    }
}
