import CairnContent
import CairnEngine
import HTTPTypes

/// Our own dialect: what there is, how it stands, its bytes (spec/http.md, "Native").
package enum Native: Dialect {
    /// The most uploads in one page of a list.
    static let pageLimit = 1000
    /// The bytes of names and types after which a page of a list ends; each may be six times as long in JSON.
    static let pageTextLimit = 64 * 1024

    package static func command(in request: RequestHead) throws(RequestError) -> Command {
        let pieces = request.path.dropFirst()
        switch (pieces.first, request.path.count) {
        case (nil, _) where request.path == ["health"]: return try reading(request, .health)
        case (_, 2) where request.path == ["health", "live"]: return try reading(request, .life)
        case (_, 2) where request.path == ["health", "ready"]: return try reading(request, .health)
        case (_, _) where request.path[0] == "health": throw .unknownPath
        case (nil, _): return try reading(request, .capabilities)
        case ("files", 2): return try reading(request, try page(of: .complete, request))
        case ("uploads", 2): return try uploads(request)
        case ("files", 3): return try member(request, .read(try id(request.path[2])))
        case ("uploads", 3): return try upload(request, try id(request.path[2]))
        case ("files", 4): return try part(ofFile: request)
        case ("uploads", 4), ("uploads", 5): return try part(ofUpload: request)
        default: throw .unknownPath
        }
    }

    /// `/v1/files/{id}/…`
    private static func part(ofFile request: RequestHead) throws(RequestError) -> Command {
        switch request.path[3] {
        case "manifest": return try reading(request, .manifest(try id(request.path[2])))
        case "proof":
            _ = try reading(request, .health)
            return .native(.proof(try id(request.path[2]), try proof(request)))
        default: throw .unknownPath
        }
    }

    static func reading(
        _ request: RequestHead, _ command: Command, also other: HTTPRequest.Method? = nil
    ) throws(RequestError) -> Command {
        guard request.method == .get || request.method == .head else {
            throw .method([.get, .head] + (other.map { [$0] } ?? []))
        }
        return command
    }

    private static func member(_ request: RequestHead, _ command: Command) throws(RequestError) -> Command {
        if request.method == .delete { return .cancel(try id(request.path[2])) }
        guard request.method == .get || request.method == .head else { throw .method([.get, .head, .delete]) }
        return command
    }

    static func id(_ piece: String) throws(RequestError) -> UploadID {
        guard let id = UploadID(piece) else { throw .path }
        return id
    }

    static func page(of state: Upload.State, _ request: RequestHead) throws(RequestError) -> Command {
        let after = try request.parameter("after")
        let limit = try request.parameter("limit").map { HTTPFields.count($0) ?? 0 } ?? Int64(pageLimit)
        guard after.map({ UploadID($0) != nil }) ?? true, limit > 0 else { throw .query }
        return .list(state, after: after.flatMap { UploadID($0) }, limit: Int(min(limit, Int64(pageLimit))))
    }
}
