import CairnContent
import CairnDialects
import CairnEngine
import NIOCore

/// The native dialect's own commands.
extension UploadRoutes {
    func run(_ command: NativeCommand, _ body: MeteredBody) async throws -> Outcome {
        switch command {
        case .begin:
            let offer = try Native.offer(try await bytes(of: body, upTo: Native.bodyLimit), by: principal)
            try await admit(offer.metadata, offer.length)
            return try await begin(offer)
        case .find(let name, let contentID): return .upload(try await find(name, contentID))
        case .name(let id, let index, let end, let form):
            let limit = Native.namesLimit(engine.limits.segmentCount, form)
            let digests = try Native.digests(try await bytes(of: body, upTo: limit), form)
            return try await name(digests, from: index, end: end, in: id)
        case .prove(let id): return try await prove(id, body)
        case .missing(let id, let indices):
            return .native(.segment(try await engine.missing(in: indices, of: id, for: principal)))
        case .put(let put, let id):
            let (upload, wasThere) = try await engine.put(put, body: body, to: id, for: principal)
            return .native(.put(upload, wasThere: wasThere))
        case .frames(let id, let length):
            let (upload, verdicts) = try await engine.putFrames(body, bodyLength: length, to: id, for: principal)
            return .native(.framed(upload, verdicts))
        case .complete(let id):
            let (length, contentID) = try Native.completion(try await bytes(of: body, upTo: Native.bodyLimit))
            let (file, isNew) = try await engine.complete(id, length: length, contentID: contentID, for: principal)
            return .native(.completed(file, isNew: isNew))
        case .proof(let id, let question): return .native(try await proof(question, of: id))
        }
    }

    private func begin(_ asked: Offer) async throws -> Outcome {
        let (offer, file) = try await linked(asked)
        if let file { return .native(.begun(file, isNew: false)) }
        let reservation = try await reserve(for: offer)
        defer { withExtendedLifetime(reservation) {} }
        let (upload, isNew) = try await engine.begin(offer, by: principal)
        return .native(.begun(upload, isNew: isNew))
    }

    private func name(_ digests: [Digest], from index: Int, end: Int64?, in id: UploadID) async throws -> Outcome {
        try await checkLink(naming: index.addingReportingOverflow(digests.count).partialValue, end: end, in: id)
        let reservation = try await reserve(naming: digests.count, from: index, end: end, in: id)
        defer { withExtendedLifetime(reservation) {} }
        return .native(.segment(try await engine.name(digests, from: index, end: end, in: id, for: principal)))
    }

    /// The upload of that name unless it is another file; else a file of that content id.
    private func find(_ name: String?, _ contentID: Digest?) async throws(UploadError) -> Upload {
        if caller.link != nil {
            guard let own = try await engine.upload(named: key(""), for: principal) else { throw .unknownUpload }
            return own
        }
        let key = name.map(key)
        var named: Upload?
        if let key { named = try await engine.upload(named: key, for: principal) }
        if let named, contentID == nil || named.state == .open || named.contentID == contentID { return named }
        if let contentID, let file = try await engine.file(contentID, for: principal) { return file }
        guard let named else { throw .unknownUpload }
        return named
    }

    private func proof(_ question: ProofQuestion, of id: UploadID) async throws -> NativeOutcome {
        let file = try await engine.upload(id, for: principal)
        let entries = try await engine.manifest(of: file).entries
        switch question {
        case .inclusion(let index):
            guard index < entries.count else { throw RequestError.query }
            return .proof(
                file, question, count: entries.count, entry: entries[index],
                path: MerkleTree.inclusionProof(of: index, in: entries))
        case .consistency(let count):
            guard (1...max(entries.count, 1)).contains(count), count <= entries.count else { throw RequestError.query }
            return .proof(
                file, question, count: entries.count, entry: nil,
                path: MerkleTree.consistencyProof(from: count, in: entries))
        }
    }

    private func prove(_ id: UploadID, _ body: MeteredBody) async throws -> Outcome {
        let bytes = try await bytes(of: body, upTo: Native.namesLimit(Engine.proofLimit * 2, .json))
        let (nonce, proofs) = try Native.proofs(bytes)
        return .native(.segment(try await engine.prove(nonce, proofs, in: id, for: principal)))
    }

    /// All of a short body.
    private func bytes(of body: MeteredBody, upTo limit: Int) async throws(RequestError) -> [UInt8] {
        switch await engine.collect(body, upTo: limit) {
        case .whole(let bytes): return Array(bytes.readableBytesView)
        case .tooLong: throw .bodyTooLong(limit: limit)
        case .broken: throw .body("end")
        }
    }
}
