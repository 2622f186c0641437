import CairnDialects
import CairnEngine

extension UploadRoutes {
    /// Asks whether what the command begins may begin, before a byte of its body is read.
    ///
    /// The native dialect says in its body what it begins, and is asked once that is read.
    func admit(_ command: Command) async throws {
        guard hooks.before != nil else { return }
        switch command {
        case .create(let append): try await admit(append.metadata, append.declaredLength ?? append.bodyLength)
        case .begin(let beginning), .join(_, let beginning):
            try await admit(beginning.metadata, beginning.declaredLength)
        case .append(let append, to: .name(let name)) where append.offset == 0:
            // Of an open upload of that name the bytes are no beginning.
            let standing = try await engine.upload(named: key(name), for: principal)
            if standing?.state != .open { try await admit(append.metadata, append.declaredLength) }
        default: return
        }
    }

    func admit(_ metadata: Metadata, _ length: Int64?) async throws(RequestError) {
        guard let before = hooks.before else { return }
        var event = HookEvent(.begin, place)
        event.metadata = metadata
        event.length = length
        switch await before(event) {
        case .allowed: return
        case .refused(let reason): throw .hook(reason)
        case .failed: throw .hookFailed
        }
    }

    /// Tells what came of a command, when it is a finish, or a refusal of something that was to change an upload.
    func tell(_ command: Command, _ outcome: Outcome) {
        guard let after = hooks.after else { return }
        if let file = outcome.finished {
            var event = HookEvent(.finished, place)
            event.upload = file.id
            event.metadata = file.metadata
            event.length = file.offset
            event.contentID = file.contentID
            after(event)
        } else if let problem = outcome.problem, command.bringsBytes {
            var event = HookEvent(.refused, place)
            event.upload = outcome.upload?.id ?? command.upload
            event.problem = problem.name
            after(event)
        }
    }
}

extension Outcome {
    /// The file that it made complete.
    fileprivate var finished: Upload? {
        switch self {
        case .created(let upload), .appended(let upload), .begun(let upload, nil),
            .native(.begun(let upload, isNew: true)), .native(.completed(let upload, isNew: true)):
            upload.state == .complete ? upload : nil
        default: nil
        }
    }

    fileprivate var problem: Problem? {
        switch self {
        case .refused(let error), .begun(_, let error?): Problem(error)
        case .rejected(let error): Problem(error)
        default: nil
        }
    }
}

extension Command {
    fileprivate var bringsBytes: Bool {
        switch self {
        case .append, .create, .begin, .join: true
        case .native(let command):
            switch command {
            case .begin, .name, .prove, .put, .frames, .complete: true
            case .find, .missing, .proof: false
            }
        case .resume, .look, .fetch, .read, .manifest, .list, .cancel, .capabilities, .health, .life, .options: false
        }
    }

    fileprivate var upload: UploadID? {
        switch self {
        case .append(_, to: .id(let id)), .native(.name(let id, _, _, _)), .native(.prove(let id)),
            .native(.put(_, let id)), .native(.frames(let id, _)), .native(.complete(let id)):
            id
        default: nil
        }
    }
}
