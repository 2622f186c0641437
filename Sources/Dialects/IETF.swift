import CairnContent
import CairnEngine
import HTTPTypes

/// Resumable uploads of the IETF, interop versions 3 to 9 and clients that send none (spec/ietf.md).
package enum IETF: Dialect {
    static let appendType = "application/partial-upload"

    package static func command(in request: RequestHead) throws(RequestError) -> Command {
        let version = ResumableVersion(in: request.fields)
        switch (try request.isCollection(), request.method) {
        case (true, .post): return .begin(try beginning(request.fields, named: nil, version))
        case (true, _): throw .method([.post, .options])
        case (false, .put):
            return .begin(try beginning(request.fields, named: try Plain.name(request.path[1]), version))
        case (false, .get): return .fetch(try request.uploadID())
        case (false, .head):
            try refuseUploadFields(request.fields)
            return .fetch(try request.uploadID())
        case (false, .delete):
            try refuseUploadFields(request.fields)
            return .cancel(try request.uploadID())
        case (false, .patch): return .append(try append(request.fields, version), to: .id(try request.uploadID()))
        default: throw .method([.get, .head, .put, .patch, .delete, .options])
        }
    }

    /// A question that states what it asks for is a mistake.
    private static func refuseUploadFields(_ fields: HTTPFields) throws(RequestError) {
        for name in [HTTPField.Name.uploadOffset, .uploadComplete, .uploadIncomplete, .uploadLength]
        where fields.contains(name) { throw .header(name) }
    }

    // MARK: Creation

    private static func beginning(
        _ fields: HTTPFields, named name: String?, _ version: ResumableVersion
    ) throws(RequestError) -> Beginning {
        guard fields.itemCount(.uploadOffset) ?? 0 == 0 else { throw .header(.uploadOffset) }
        var append = try append(fields, at: 0, version)
        let length = try length(append.ending, fields.itemCount(.uploadLength), append.bodyLength)
        append.declaredLength = nil
        let guest = TusMetadata.known(in: fields)
        let type = try MediaType.ofFile(in: fields).flatMap { MediaType.essence(of: $0) == appendType ? nil : $0 }
        let metadata = Metadata(
            name: try fields.fileName() ?? name ?? guest.metadata.name, type: type ?? guest.metadata.type)
        return Beginning(metadata, declaredLength: length, terms: Terms(metadata: guest.text), append: append)
    }

    /// The file's length, as stated or as a body that is all of it has.
    private static func length(
        _ ending: Append.Ending, _ stated: Int64?, _ bodyLength: Int64?
    ) throws(RequestError) -> Int64? {
        guard ending == .last, let bodyLength else { return stated }
        guard stated ?? bodyLength == bodyLength else { throw .inconsistentLength }
        return bodyLength
    }

    // MARK: Appends

    private static func append(_ fields: HTTPFields, _ version: ResumableVersion) throws(RequestError) -> Append {
        guard version.takesAnyType || fields[.contentType].map(MediaType.essence) == appendType else {
            throw .appendType(appendType)
        }
        guard let offset = fields.itemCount(.uploadOffset) else { throw .header(.uploadOffset) }
        return try append(fields, at: offset, version)
    }

    private static func append(
        _ fields: HTTPFields, at offset: Int64, _ version: ResumableVersion
    ) throws(RequestError) -> Append {
        try fields.checkCoding()
        var append = Append(
            at: offset, declaredLength: fields.itemCount(.uploadLength), bodyLength: try fields.bodyLength(),
            ending: try version.ending(in: fields), expectedPrefix: try fields.expectedPrefix())
        append.needsAcknowledged = true
        append.endsWhenWrong = version.endsWhenWrong
        try fields.readDigests(into: &append)
        return append
    }
}
