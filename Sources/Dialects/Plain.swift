import CairnContent
import CairnEngine
import HTTPTypes

/// Files by plain HTTP: a body is a file, a file has an address (spec/http.md, "Plain").
public enum Plain: Dialect {
    public static func command(in request: RequestHead) throws(RequestError) -> Command {
        switch request.path.count {
        case 1: try collection(request)
        case 2 where request.path[1].isEmpty: try collection(request)
        case 2: try member(request)
        default: throw .unknownPath
        }
    }

    /// `/files`
    private static func collection(_ request: RequestHead) throws(RequestError) -> Command {
        switch request.method {
        case .post: .create(try append(in: request.fields, named: nil))
        case .options: .options
        default: throw .method([.post, .options])
        }
    }

    /// `/files/{id}`, or `/files/{name}` for PUT: that path is a name, never an id.
    private static func member(_ request: RequestHead) throws(RequestError) -> Command {
        switch request.method {
        case .put: .create(try append(in: request.fields, named: try name(request.path[1])))
        case .get, .head: .fetch(try request.uploadID())
        case .delete: .cancel(try request.uploadID())
        case .options: .options
        default: throw .method([.get, .head, .put, .delete, .options])
        }
    }

    private static func name(_ piece: String) throws(RequestError) -> String {
        guard let name = PercentCoding.decode(piece), name != ".", name != ".." else { throw .path }
        return name
    }

    private static func append(in fields: HTTPFields, named name: String?) throws(RequestError) -> Append {
        try fields.checkCoding()
        return Append(
            at: 0, bodyLength: try fields.bodyLength(), ending: .whole, bodyDigest: try fields.bodyDigest(),
            metadata: Metadata(name: try fields.fileName() ?? name, type: try MediaType.ofFile(in: fields)))
    }

    public static func answer(to outcome: Outcome, for request: RequestHead) -> Answer {
        switch outcome {
        case .created(let upload): created(upload)
        case .file(let upload): Download.answer(upload, for: request)
        case .prefix(let upload): open(upload, request)
        case .cancelled: Answer(.noContent)
        case .options: Answer(.noContent, [.allow: "GET, HEAD, POST, PUT, DELETE, OPTIONS", .cacheControl: "no-store"])
        case .refused(let error): Problem(error).answer(for: request.id)
        case .rejected(let error): Problem(error).answer(for: request.id)
        case .appended, .upload, .manifest, .uploads, .capabilities, .health, .native:
            preconditionFailure("plain HTTP asks for no such thing")
        }
    }

    private static func created(_ upload: Upload) -> Answer {
        var fields: HTTPFields = [
            .location: "/files/\(upload.id)", .uploadPrefix: PrefixField(upload).description,
        ]
        fields[.eTag] = upload.contentID.map { "\"\($0)\"" }
        return Answer(.created, fields, text: "/files/\(upload.id)\n")
    }

    /// An open upload has no content under this address, but an offset.
    private static func open(_ upload: Upload?, _ request: RequestHead) -> Answer {
        guard let upload else { return Problem(UploadError.unknownUpload).answer(for: request.id) }
        var fields: HTTPFields = [
            .uploadOffset: "\(upload.offset)", .uploadPrefix: PrefixField(upload).description,
            .cacheControl: "no-store",
        ]
        fields[.uploadLength] = upload.declaredLength.map(String.init)
        return Answer(.noContent, fields)
    }
}

extension RequestHead {
    /// The id in the second piece of the path.
    func uploadID() throws(RequestError) -> UploadID {
        guard path.count > 1, let id = UploadID(path[1]) else { throw .path }
        return id
    }
}
