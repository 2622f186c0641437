import CairnContent
import CairnEngine
import FoundationEssentials
import HTTPTypes

/// tus 1.0.0 with all nine extensions (spec/tus.md).
package enum Tus: Dialect {
    static let version = "1.0.0"
    static let extensions = """
        creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination,\
        concatenation,concatenation-unfinished
        """
    static let algorithms: [Checksum.Algorithm] = [.sha1, .sha256, .md5, .crc32]
    static let appendType = "application/offset+octet-stream"

    package static func command(in request: RequestHead) throws(RequestError) -> Command {
        guard request.fields[.tusResumable] == version else { throw .tusVersion }
        return try request.isCollection() ? collection(request) : member(request)
    }

    private static func collection(_ request: RequestHead) throws(RequestError) -> Command {
        guard request.method == .post else { throw .method([.post, .options]) }
        let concat = request.fields[.uploadConcat]
        guard let concat, concat != "partial" else { return .begin(try beginning(request.fields, concat)) }
        return try final(request.fields, concat)
    }

    private static func member(_ request: RequestHead) throws(RequestError) -> Command {
        let id = try request.uploadID()
        switch request.method {
        case .head: return .resume(.id(id))
        case .get: return .fetch(id)
        case .patch: return .append(try append(request.fields), to: .id(id))
        case .delete: return .cancel(id)
        default: throw .method([.get, .head, .patch, .delete, .options])
        }
    }

    // MARK: Creation

    private static func beginning(_ fields: HTTPFields, _ concat: String?) throws(RequestError) -> Beginning {
        let length = try length(in: fields)
        guard (length != nil) != (try isDeferred(fields)) else { throw .header(.uploadLength) }
        let metadata = try TusMetadata(in: fields)
        return Beginning(
            metadata.known, declaredLength: length, terms: Terms(metadata: metadata.text, concat: concat),
            append: try firstAppend(fields, length))
    }

    /// The bytes that come with the creation. A file of no bytes is complete without any.
    private static func firstAppend(_ fields: HTTPFields, _ length: Int64?) throws(RequestError) -> Append? {
        guard fields[.contentType].map(MediaType.essence) == appendType else {
            guard try !fields.bringsBody() else { throw .appendType(appendType) }
            return length == 0 ? Append(at: 0, bodyLength: 0) : nil
        }
        return try append(fields, at: 0)
    }

    /// `final;` and the addresses of its parts: no length, no body.
    private static func final(_ fields: HTTPFields, _ concat: String) throws(RequestError) -> Command {
        guard concat.hasPrefix("final;"), concat.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw .header(.uploadConcat)
        }
        for name in [HTTPField.Name.uploadLength, .uploadDeferLength] where fields.contains(name) {
            throw .header(name)
        }
        guard try !fields.bringsBody() else { throw .appendType(appendType) }
        var parts: [UploadID] = []
        for address in concat.dropFirst("final;".count).split(separator: " ") {
            guard let id = id(at: address) else { throw .header(.uploadConcat) }
            parts.append(id)
        }
        guard !parts.isEmpty else { throw .header(.uploadConcat) }
        let metadata = try TusMetadata(in: fields)
        return .join(parts, Beginning(metadata.known, terms: Terms(metadata: metadata.text, concat: concat)))
    }

    /// The id at the end of an address, absolute or not.
    private static func id(at address: Substring) -> UploadID? {
        let pieces = address.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.count >= 2, pieces[pieces.count - 2] == "files", let last = pieces.last else { return nil }
        return UploadID(String(last))
    }

    private static func isDeferred(_ fields: HTTPFields) throws(RequestError) -> Bool {
        guard let text = fields[.uploadDeferLength] else { return false }
        guard text == "1" else { throw .header(.uploadDeferLength) }
        return true
    }

    /// `Upload-Length`. What has more digits than a length may have is too long, not malformed.
    private static func length(in fields: HTTPFields) throws(RequestError) -> Int64? {
        guard let text = fields[.uploadLength], text.isDecimal, text.utf8.count > 15 else {
            return try fields.count(.uploadLength)
        }
        throw .length(limit: Limits().length)
    }

    // MARK: Appends

    private static func append(_ fields: HTTPFields) throws(RequestError) -> Append {
        guard fields[.contentType].map(MediaType.essence) == appendType else { throw .appendType(appendType) }
        guard let offset = try fields.count(.uploadOffset) else { throw .header(.uploadOffset) }
        var append = try append(fields, at: offset)
        append.declaredLength = try length(in: fields)
        return append
    }

    private static func append(_ fields: HTTPFields, at offset: Int64) throws(RequestError) -> Append {
        try fields.checkCoding()
        var append = Append(
            at: offset, bodyLength: try fields.bodyLength(), expectedPrefix: try fields.expectedPrefix())
        try fields.readDigests(into: &append)
        if let checksum = try checksum(in: fields) { append.checksums.append(checksum) }
        return append
    }

    /// `Upload-Checksum`: the algorithm in lower case, a space, the value in Base64.
    static func checksum(in fields: HTTPFields) throws(RequestError) -> Checksum? {
        guard let text = fields[.uploadChecksum] else { return nil }
        let pieces = text.split(separator: " ", omittingEmptySubsequences: false)
        guard pieces.count == 2, let algorithm = algorithms.first(where: { $0.rawValue == pieces[0] }),
            let bytes = Data(base64Encoded: String(pieces[1])), let checksum = Checksum(algorithm, Array(bytes))
        else { throw .header(.uploadChecksum) }
        return checksum
    }
}

extension HTTPFields {
    /// Whether bytes follow the head; a body of unknown length counts as some.
    func bringsBody() throws(RequestError) -> Bool {
        let length = try bodyLength() ?? 0
        return contains(.transferEncoding) || length > 0
    }
}
