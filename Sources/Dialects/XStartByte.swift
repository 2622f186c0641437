import CairnContent
import CairnEngine
import HTTPTypes

/// The protocol of javascript.info's resumable upload, made safe (spec/x-start-byte.md).
package enum XStartByte: Dialect {
    /// A client's name for its file, in bytes.
    static let fileIDLimit = 1024

    package static func command(in request: RequestHead) throws(RequestError) -> Command {
        let name = try fileID(in: request.fields)
        if request.path == ["status"] { return .resume(name.map { .name($0.text) }) }
        guard request.method == .post else { throw .method([.post]) }
        guard let name else { throw .noFileID }
        return .append(try append(in: request.fields, to: name), to: .name(name.text))
    }

    /// Nil when the field is absent or empty.
    private static func fileID(in fields: HTTPFields) throws(RequestError) -> FileID? {
        guard let text = fields[.xFileID], !text.isEmpty else { return nil }
        guard text.utf8.count <= fileIDLimit else { throw .header(.xFileID) }
        return FileID(text: text)
    }

    private static func append(in fields: HTTPFields, to id: FileID) throws(RequestError) -> Append {
        try fields.checkCoding()
        let declaredLength = try fields.count(.xFileSize) ?? (id.isLossy ? id.length : nil)
        var append = Append(
            at: try startByte(in: fields), declaredLength: declaredLength, bodyLength: try fields.bodyLength(),
            ending: declaredLength == nil ? .whole : .declared, expectedPrefix: try fields.expectedPrefix(),
            metadata: Metadata(name: try fields.fileName() ?? id.name, type: try MediaType.ofFile(in: fields)))
        try fields.readDigests(into: &append)
        return append
    }

    private static func startByte(in fields: HTTPFields) throws(RequestError) -> Int64 {
        fields[.xStartByte] == "" ? 0 : try fields.count(.xStartByte) ?? 0
    }
}
