import CairnEngine
import HTTPTypes

/// Our own dialect: what there is, how it stands, its bytes (spec/http.md, "Native").
public enum Native: Dialect {
    /// The most uploads in one page of a list.
    static let pageLimit = 1000
    /// The bytes of names and types after which a page of a list ends; each may be six times as long in JSON.
    static let pageTextLimit = 64 * 1024

    public static func command(in request: RequestHead) throws(RequestError) -> Command {
        let piece = request.path.count > 2 ? request.path[2] : nil
        switch (request.path.dropFirst().first, request.path.count) {
        case (nil, _) where request.path == ["health"]: return try reading(request, .health)
        case (nil, _): return try reading(request, .capabilities)
        case ("files", 2): return try reading(request, try page(of: .complete, request))
        case ("uploads", 2): return try reading(request, try uploads(request))
        case ("files", 3): return try member(request, .read(try id(piece)))
        case ("uploads", 3): return try member(request, .look(.id(try id(piece))))
        case ("files", 4) where request.path[3] == "manifest", ("uploads", 4) where request.path[3] == "manifest":
            return try reading(request, .manifest(try id(piece)))
        default: throw .unknownPath
        }
    }

    private static func reading(_ request: RequestHead, _ command: Command) throws(RequestError) -> Command {
        guard request.method == .get || request.method == .head else { throw .method([.get, .head]) }
        return command
    }

    private static func member(_ request: RequestHead, _ command: Command) throws(RequestError) -> Command {
        if request.method == .delete { return .cancel(try id(request.path[2])) }
        guard request.method == .get || request.method == .head else { throw .method([.get, .head, .delete]) }
        return command
    }

    private static func id(_ piece: String?) throws(RequestError) -> UploadID {
        guard let id = piece.flatMap({ UploadID($0) }) else { throw .path }
        return id
    }

    /// A list of open uploads, or the one that a client's own name stands for.
    private static func uploads(_ request: RequestHead) throws(RequestError) -> Command {
        guard let name = try request.parameter("file-id") else { return try page(of: .open, request) }
        guard !name.isEmpty, name.utf8.count <= XStartByte.fileIDLimit else { throw .query }
        return .look(.name(name))
    }

    private static func page(of state: Upload.State, _ request: RequestHead) throws(RequestError) -> Command {
        let after = try request.parameter("after")
        let limit = try request.parameter("limit").map { HTTPFields.count($0) ?? 0 } ?? Int64(pageLimit)
        guard after.map({ UploadID($0) != nil }) ?? true, limit > 0 else { throw .query }
        return .list(state, after: after.flatMap { UploadID($0) }, limit: Int(min(limit, Int64(pageLimit))))
    }
}
