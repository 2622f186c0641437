import CairnEngine

/// All that a server holds, to the last field: to see that a refusal changed nothing.
struct Holdings: Equatable {
    /// Of every state, ended ones too, with length, metadata and expiry.
    var uploads: Set<Upload> = []
    /// What the file ids that were asked for stand for.
    var names: [String: Generations] = [:]
    let records: [UploadID: FileRecord]
    let chunkCount: Int
    let tailCount: Int
}

extension TestServer {
    /// - Parameter names: The file ids to look up.
    func holdings(of names: [String] = []) async throws -> Holdings {
        var holdings = Holdings(records: store.records, chunkCount: store.chunkCount, tailCount: store.tailCount)
        for state in [Upload.State.open, .complete, .cancelled, .expired] {
            holdings.uploads.formUnion(
                try await engine.uploads(state, for: .everyone, after: nil, limit: 10_000))
        }
        for name in names {
            holdings.names[name] = try await ledger.generations(of: UploadKey(name, of: .everyone))
        }
        return holdings
    }
}
