import CairnDialects
import CairnEngine
import CairnServer

extension HookEvent {
    /// What a hook is told: one JSON object in a line.
    var json: String {
        let id = upload.map { JSON.string("\($0)") } ?? .null
        return JSON.object([
            ("event", .string(kind.rawValue)), ("request", .string(request)), ("remote", .string(remote)),
            ("principal", owner.map { .string($0.principal) } ?? .null),
            ("namespace", owner.map { .string("\($0.namespace)") } ?? .null),
            ("token", owner.map { .string($0.token) } ?? .null),
            ("upload", id), ("name", metadata.name.map { .string($0) } ?? .null),
            ("type", metadata.type.map { .string($0) } ?? .null), ("length", length.map { .number($0) } ?? .null),
            ("contentId", contentID.map { .string("\($0)") } ?? .null),
            ("problem", problem.map { .string($0) } ?? .null),
        ]).description
    }

    /// The same in variables, for commands that read no JSON; what is not known is absent.
    var variables: [String: String] {
        var variables = ["CAIRN_HOOK_EVENT": kind.rawValue, "CAIRN_HOOK_REQUEST": request, "CAIRN_HOOK_REMOTE": remote]
        variables["CAIRN_HOOK_PRINCIPAL"] = owner?.principal
        variables["CAIRN_HOOK_NAMESPACE"] = owner.map { "\($0.namespace)" }
        variables["CAIRN_HOOK_TOKEN"] = owner?.token
        variables["CAIRN_HOOK_UPLOAD"] = upload.map { "\($0)" }
        variables["CAIRN_HOOK_NAME"] = metadata.name
        variables["CAIRN_HOOK_TYPE"] = metadata.type
        variables["CAIRN_HOOK_LENGTH"] = length.map { "\($0)" }
        variables["CAIRN_HOOK_CONTENT_ID"] = contentID.map { "\($0)" }
        variables["CAIRN_HOOK_PROBLEM"] = problem
        return variables
    }
}
