package import HTTPTypes

/// The media type of a file as a client states it (RFC 9110, section 8.3.1).
package enum MediaType {
    /// What a file is that nobody said anything about.
    static let unknown = "application/octet-stream"

    /// The type to keep of a body that is a file; nil when the client said nothing of it.
    ///
    /// A form is what curl calls any body unless told otherwise: it says nothing. A multipart form is no file.
    package static func ofFile(in fields: HTTPFields) throws(RequestError) -> String? {
        guard let type = fields[.contentType] else { return nil }
        guard isValid(type) else { throw .header(.contentType) }
        switch essence(of: type) {
        case "multipart/form-data": throw .mediaType
        case "application/x-www-form-urlencoded": return nil
        default: return type
        }
    }

    /// Whether browsers show it and run nothing of it. SVG and XML may hold programs, PDF too.
    static func isHarmless(_ type: String) -> Bool {
        let essence = essence(of: type)
        return harmless.contains(essence) || essence.hasPrefix("audio/") || essence.hasPrefix("video/")
    }

    private static let harmless: Set = [
        "image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain",
    ]

    /// `type/subtype` in lower case, without parameters.
    static func essence(of type: String) -> String {
        type.prefix { $0 != ";" }.split(whereSeparator: { $0 == " " || $0 == "\t" }).first?.lowercased() ?? ""
    }

    /// A token, a slash, a token; then parameters, of which only the alphabet is looked at.
    static func isValid(_ type: String) -> Bool {
        let pieces = essence(of: type).split(separator: "/", omittingEmptySubsequences: false)
        return pieces.count == 2 && pieces.allSatisfy { isToken($0) }
            && type.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x09 }
    }

    /// RFC 9110, section 5.6.2.
    static func isToken(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { $0.isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }
}
