import HTTPTypes

/// `X-File-Id` as it came. The page makes it of the file's name, length and time, joined by hyphens.
struct FileID: Hashable, Sendable {
    let text: String

    /// Whether bytes of it were lost on the way: the HTTP parser repairs what is not UTF-8, so that different ids of
    /// Latin-1 letters may have become one.
    var isLossy: Bool { text.unicodeScalars.contains("\u{FFFD}") }

    /// The length the id states, in bytes, when it has the page's shape.
    var length: Int64? { parts?.length }

    /// The file's name, when the id has the page's shape and the name is fit to be one.
    var name: String? {
        guard let name = parts.flatMap({ PercentCoding.decode($0.name) }), !name.isEmpty else { return nil }
        return name
    }

    private var parts: (name: Substring, length: Int64)? {
        guard let last = text.lastIndex(of: "-"), let middle = text[..<last].lastIndex(of: "-"),
            let length = HTTPFields.count(text[text.index(after: middle)..<last])
        else { return nil }
        return (text[..<middle], length)
    }
}
