import CairnEngine
import FoundationEssentials
import HTTPTypes

/// `Upload-Metadata`: keys, each with a value in Base64 or none, separated by commas (spec/tus.md, "Metadata").
struct TusMetadata {
    /// The most bytes of it.
    static let lengthLimit = 8 * 1024

    /// As it came, to be given back; nil when there is none.
    let text: String?
    /// What we know how to use.
    let known: Metadata

    /// - Throws: `header` for an empty or doubled key, a value that is no Base64, too many bytes, or no name.
    init(in fields: HTTPFields) throws(RequestError) {
        guard let text = fields[.uploadMetadata], !text.isEmpty else {
            (self.text, known) = (nil, Metadata())
            return
        }
        guard let values = Self.values(text) else { throw .header(.uploadMetadata) }
        let name = (values["filename"] ?? values["name"]).map { String(validating: $0, as: UTF8.self) }
        let type = (values["filetype"] ?? values["type"]).flatMap { String(validating: $0, as: UTF8.self) }
        if case .some(let name) = name, name?.hasControlCharacter ?? true { throw .header(.uploadMetadata) }
        self.text = text
        known = Metadata(
            name: name.flatMap { $0?.isEmpty == false ? $0 : nil },
            // Clients put all kinds of things there: what is no media type is given back and not used.
            type: type.flatMap { MediaType.isValid($0) ? $0 : nil })
    }

    /// What can be used of it, when it is some other dialect's guest.
    static func known(in fields: HTTPFields) -> (text: String?, metadata: Metadata) {
        guard let metadata = try? TusMetadata(in: fields) else { return (nil, Metadata()) }  // a guest is not refused
        return (metadata.text, metadata.known)
    }

    private static func values(_ text: String) -> [String: [UInt8]]? {
        guard text.utf8.count <= lengthLimit, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
        var values: [String: [UInt8]] = [:]
        for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = pair.trimmingBlanks.split(separator: " ", maxSplits: 1)
            guard let key = pieces.first.map(String.init), values[key] == nil else { return nil }
            guard let value = Data(base64Encoded: pieces.count == 2 ? String(pieces[1]) : "") else { return nil }
            values[key] = Array(value)
        }
        return values
    }
}
