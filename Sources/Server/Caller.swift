import CairnDialects
import CairnEngine
import CairnTrust
import HTTPTypes

/// Who sends a request, and what they may.
struct Caller: Sendable {
    /// That of their namespace.
    let engine: Engine
    let principal: Principal
    let rights: Rights
    /// With what they have shown who they are; nil where nobody is asked.
    var token: Token?
    /// With what instead, when it was signed by that token's holder.
    var link: UploadLink?
    /// What its running requests come to; nil where nothing is counted.
    var account: Account?

    /// Whoever comes where nobody is asked who they are.
    static func anyone(_ engine: Engine) -> Caller { Caller(engine: engine, principal: .everyone, rights: .all) }

    /// Whose what they bring is, for hooks; nil where nobody is asked.
    var hookOwner: HookEvent.Owner? {
        token.map { HookEvent.Owner(principal: $0.principal, namespace: $0.namespace, token: $0.id) }
    }

    /// Throws `forbidden` unless the caller has one of `rights`; none are needed when there are none.
    func check(_ rights: Rights) throws(RequestError) {
        guard rights.isEmpty || !rights.isDisjoint(with: self.rights) else { throw .forbidden(rights.words) }
    }
}

extension UploadRoutes {
    /// Throws unless the caller may do this.
    ///
    /// Whether an upload is there is told only to one who may see it: to others a right that they lack is the same as
    /// an upload that is not there.
    func authorize(_ command: Command) async throws {
        do throws(RequestError) { try caller.check(command.rights) } catch {
            switch command.target {
            case .id(let id): _ = try await engine.upload(id, for: principal)
            case .name, nil: break
            }
            throw error
        }
    }
}

extension RequestHead {
    /// Whether it is answered to whoever asks: what the paths can be asked, and whether the server is well.
    var isForEveryone: Bool { method == .options || path.first == "health" }
}

extension Command {
    /// One of these is needed; what an upload's state decides is looked at later.
    var rights: Rights {
        switch self {
        case .resume, .append, .create, .begin, .join: .put
        case .look, .manifest: [.put, .get]
        case .fetch: [.put, .get]
        case .read: .get
        case .list: .list
        case .cancel: [.put, .delete]
        case .capabilities, .health, .life, .options: []
        case .native(let command): command.rights
        }
    }

    /// The upload it is about.
    var target: Target? {
        switch self {
        case .resume(let target): target
        case .append(_, let target), .look(let target): target
        case .fetch(let id), .read(let id), .manifest(let id), .cancel(let id): .id(id)
        case .native(let command): command.upload.map { .id($0) }
        case .create, .list, .capabilities, .health, .life, .options, .begin, .join: nil
        }
    }
}

extension NativeCommand {
    fileprivate var rights: Rights {
        switch self {
        case .begin, .name, .prove, .missing, .put, .frames, .complete: .put
        case .find: [.put, .get]
        case .proof: .get
        }
    }

    fileprivate var upload: UploadID? {
        switch self {
        case .begin, .find: nil
        case .name(let id, _, _, _), .prove(let id), .missing(let id, _), .put(_, let id), .frames(let id, _),
            .complete(let id), .proof(let id, _):
            id
        }
    }
}
