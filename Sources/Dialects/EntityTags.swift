/// The list in `If-Match` and `If-None-Match`, or the one tag in `If-Range` (RFC 9110, section 13.1).
package struct EntityTags: Hashable, Sendable {
    private struct Tag: Hashable {
        let text: String
        let isWeak: Bool
    }

    private var tags: [Tag] = []
    private var isAny = false

    /// Reads the tags up to the first thing that is none: a date, or garbage, names no file of ours.
    package init(_ text: String) {
        var rest = Substring(text).drop { $0 == " " }
        isAny = rest == "*"
        while !isAny, !rest.isEmpty {
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest.removeFirst(2) }
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { return }
            tags.append(Tag(text: String(rest[rest.index(after: rest.startIndex)..<end]), isWeak: isWeak))
            rest = rest[rest.index(after: end)...].drop { $0 == " " || $0 == "," || $0 == "\t" }
        }
    }

    /// Weak comparison: for `If-None-Match`.
    package func contain(_ tag: String) -> Bool { isAny || tags.contains { $0.text == tag } }

    /// Strong comparison: for `If-Match`.
    package func containStrongly(_ tag: String) -> Bool { isAny || tags.contains { $0.text == tag && !$0.isWeak } }

    /// Whether this is the one strong tag, as `If-Range` must have it.
    package func isExactly(_ tag: String) -> Bool { tags == [Tag(text: tag, isWeak: false)] }
}
