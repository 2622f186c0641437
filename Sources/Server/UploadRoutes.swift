import CairnDialects
import CairnEngine
import CairnTrust
import Hummingbird
import Logging
import NIOCore

/// From a command to its outcome: the one place where HTTP meets the engine.
struct UploadRoutes: Sendable {
    let caller: Caller
    let health: Health
    let logger: Logger
    var hooks = UploadHooks()
    var origins = Origins.any
    var accessLog = AccessLogForm.line
    var place = HookPlace(request: "-", remote: "-")

    var engine: Engine { caller.engine }
    var principal: Principal { caller.principal }

    func outcome(of command: Command, body: MeteredBody) async -> Outcome {
        let outcome = await settled(command, body)
        tell(command, outcome)
        return outcome
    }

    private func settled(_ command: Command, _ body: MeteredBody) async -> Outcome {
        do {
            try await authorize(command)
            try await checkLink(command)
            try await admit(command)
            if let append = command.append { body.gauge?.begin(at: append.offset) }
            let reservation = try await reserve(for: command)
            defer { withExtendedLifetime(reservation) {} }
            return try await run(command, body)
        } catch let error as RequestError {
            return .rejected(error)
        } catch let error as UploadError {
            note(error)
            return .refused(error)
        } catch {
            preconditionFailure("an engine throws its own errors, a dialect its own")
        }
    }

    func note(_ error: UploadError) {
        health.note(error)
        if case .store(let cause) = error { logger.error("store failed", metadata: ["cause": "\(cause)"]) }
    }

    private func run(_ command: Command, _ body: MeteredBody) async throws -> Outcome {
        switch command {
        case .resume(let target): return .prefix(try await resume(target))
        case .append(let append, let target): return .appended(try await self.append(append, body, to: target))
        case .create(let append): return .created(try await create(append, body))
        case .look(let target): return .upload(try await look(at: target))
        case .fetch(let id): return try await fetch(id)
        case .read(let id): return .file(try await engine.upload(id, for: principal))
        case .manifest(let id):
            let upload = try await engine.upload(id, for: principal)
            return .manifest(try await engine.manifest(of: upload), of: upload)
        case .list(let state, let after, let limit): return try await list(state, after: after, limit: limit)
        case .cancel(let id):
            let upload = try await engine.upload(id, for: principal)
            try caller.check(upload.state == .open ? [.put, .delete] : .delete)
            try await engine.cancel(id, for: principal)
            return .cancelled
        case .capabilities:
            return .capabilities(engine.limits, engine.chunkSize, engine.dedup, to: try await identity())
        case .health: return .health(isWritable: health.isWritable)
        case .life: return .health(isWritable: true)
        case .options: return .options
        case .native(let command): return try await run(command, body)
        case .begin(let beginning): return try await begin(beginning, body)
        case .join(let parts, let beginning):
            return .begun(try await engine.join(parts, beginning, by: principal), nil)
        }
    }

    private func resume(_ target: Target?) async throws(UploadError) -> Upload? {
        switch target {
        case nil: nil
        case .id(let id): try await engine.resume(id, for: principal)
        case .name(let name): try await resume(key(name))
        }
    }

    /// A question that a newer one displaced is answered as a look: its client knows only 200.
    private func resume(_ key: UploadKey) async throws(UploadError) -> Upload? {
        do {
            return try await engine.resume(named: key, for: principal)
        } catch .takenOver {
            return try await engine.upload(named: key, for: principal)
        }
    }

    private func append(
        _ append: Append, _ body: MeteredBody, to target: Target
    ) async throws(UploadError) -> Upload {
        switch target {
        case .id(let id): try await engine.append(append, body: body, to: id, for: principal)
        case .name(let name):
            try await engine.append(append, body: body, named: key(name), for: principal)
        }
    }

    private func look(at target: Target) async throws(UploadError) -> Upload {
        switch target {
        case .id(let id): return try await engine.upload(id, for: principal)
        case .name(let name):
            let key = key(name)
            guard let upload = try await engine.upload(named: key, for: principal) else { throw .unknownUpload }
            return upload
        }
    }

    private func fetch(_ id: UploadID) async throws -> Outcome {
        var upload = try await engine.upload(id, for: principal)
        try caller.check(upload.state == .open ? [.get, .put] : .get)
        if upload.state == .open { upload = try await engine.resume(id, for: principal) }
        return upload.state == .complete ? .file(upload) : .prefix(upload)
    }

    /// Asks for one more than wanted, to know whether more follow.
    private func list(_ state: Upload.State, after: UploadID?, limit: Int) async throws(UploadError) -> Outcome {
        let found = try await engine.uploads(state, for: principal, after: after, limit: limit + 1)
        return .uploads(Array(found.prefix(limit)), state: state, hasMore: found.count > limit)
    }
}
