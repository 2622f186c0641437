import CairnContent
import CairnEngine
import HTTPTypes

/// Files by plain HTTP: a body is a file, a file has an address (spec/http.md, "Plain").
package enum Plain: Dialect {
    package static func command(in request: RequestHead) throws(RequestError) -> Command {
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
        default: throw .method([.post, .options])
        }
    }

    /// `/files/{id}`, or `/files/{name}` for PUT: that path is a name, never an id.
    private static func member(_ request: RequestHead) throws(RequestError) -> Command {
        switch request.method {
        case .put: .create(try append(in: request.fields, named: try name(request.path[1])))
        default: throw .method([.get, .head, .put, .patch, .delete, .options])
        }
    }

    static func name(_ piece: String) throws(RequestError) -> String {
        guard let name = PercentCoding.decode(piece), name != ".", name != ".." else { throw .path }
        return name
    }

    private static func append(in fields: HTTPFields, named name: String?) throws(RequestError) -> Append {
        try fields.checkCoding()
        var append = Append(
            at: 0, bodyLength: try fields.bodyLength(), ending: .whole,
            metadata: Metadata(name: try fields.fileName() ?? name, type: try MediaType.ofFile(in: fields)))
        try fields.readDigests(into: &append)
        return append
    }

    package static func answer(to outcome: Outcome, for request: RequestHead) -> Answer {
        switch outcome {
        case .created(let upload): created(upload)
        case .refused(let error): Problem(error).answer(for: request.id)
        case .rejected(let error): Problem(error).answer(for: request.id)
        case .appended, .upload, .file, .prefix, .cancelled, .options, .manifest, .uploads, .capabilities, .health,
            .begun, .native:
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
}

extension RequestHead {
    /// The id in the second piece of the path.
    func uploadID() throws(RequestError) -> UploadID {
        guard path.count > 1, let id = UploadID(path[1]) else { throw .path }
        return id
    }

    /// Whether the path is `/files`, and not one file's.
    ///
    /// - Throws: `unknownPath` below a file.
    func isCollection() throws(RequestError) -> Bool {
        guard path.count <= 2 else { throw .unknownPath }
        return path.count == 1 || path[1].isEmpty
    }

    /// The full address of an upload where clients reach this server, for those that take no other.
    func location(of id: UploadID) -> String { (origin ?? "") + "/files/\(id)" }
}
