import CairnContent

/// Who may bring one file and no other: what it is begun as stands under a name of its own.
extension Engine {
    /// Begins the one upload that may stand under `key`. One that was begun before and is not complete gives way to it.
    package func begin(
        _ beginning: Beginning, under key: UploadKey, by principal: Principal
    ) async throws(UploadError) -> Upload {
        try await leases.hold(.name(key)) { _ throws(UploadError) in
            let upload = try self.drafted(beginning, by: principal)
            try await self.makeWay(try await self.current(of: key, for: principal))
            let name = LedgerChange.name(key, Generations(current: upload.id))
            try await self.commit(begun: upload, [.write(upload, entries: []), name])
            return upload
        }
    }

    /// Cancels what was begun before, and only then another may begin: one that has become complete meanwhile stays the
    /// only one.
    func makeWay(_ current: Upload?) async throws(UploadError) {
        guard let current else { return }
        try await cancelOpen(current)
        if let file = try await existing(current.id, for: current.owner), file.state == .complete {
            throw .alreadyComplete(file.prefix)
        }
    }

    /// Throws when bytes by name would begin a second file beside the one that stands.
    func checkSingle(_ append: Append, after current: Upload) throws(UploadError) {
        if current.state == .complete, append.offset != current.offset || append.bodyLength != 0 {
            throw .alreadyComplete(current.prefix)
        }
        if append.offset == 0, current.offset > 0 { throw .offsetMismatch(current.prefix) }
    }

    /// What one principal has in the namespace.
    public func usage(of principal: Principal) async throws(UploadError) -> Usage {
        do { return try await ledger.usage(of: principal, in: namespace) } catch { throw .store(error) }
    }
}

/// How much one principal has.
public struct Usage: Hashable, Sendable {
    /// Bytes of files and uploads together; an open upload counts with the length it has declared or named, or with
    /// what is there.
    public var length: Int64
    /// Uploads that are open.
    public var uploads: Int

    /// Nothing, unless told.
    public init(length: Int64 = 0, uploads: Int = 0) {
        self.length = length
        self.uploads = uploads
    }
}

extension Upload {
    /// The bytes it counts with, of its owner's.
    package var countedLength: Int64 {
        if state == .complete { return offset }
        return max(declaredLength ?? Int64(namedCount) * Int64(chunkSize.length), offset)
    }
}
