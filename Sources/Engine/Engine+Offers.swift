package import CairnContent

/// What a client says of a file before it names or sends anything.
package struct Offer: Hashable, Sendable {
    package var metadata: Metadata
    /// In bytes.
    package var length: Int64?
    /// Another than new uploads have here.
    package var chunkSize: ChunkSize?
    /// The client's own name for the file.
    package var key: UploadKey?
    /// What the file is, when the client knows already.
    package var contentID: Digest?
    /// Whether to begin anew although the name stands for another upload.
    package var startsOver: Bool

    package init(
        _ metadata: Metadata = Metadata(), length: Int64? = nil, chunkSize: ChunkSize? = nil, key: UploadKey? = nil,
        contentID: Digest? = nil, startsOver: Bool = false
    ) {
        self.metadata = metadata
        self.length = length
        self.chunkSize = chunkSize
        self.key = key
        self.contentID = contentID
        self.startsOver = startsOver
    }
}

extension Engine {
    /// Begins an upload, or finds the one begun before under the same name; a file the caller has here already
    /// completes it at once.
    ///
    /// - Returns: The upload, and whether it is new and waits for bytes.
    package func begin(
        _ offer: Offer, by principal: Principal
    ) async throws(UploadError) -> (upload: Upload, isNew: Bool) {
        guard let key = offer.key else { return try await beginNew(offer, replacing: nil, by: principal) }
        return try await leases.hold(.name(key)) { _ throws(UploadError) in
            let current = try await self.current(of: key, for: principal)
            if let current, current.isContinued(by: offer) {
                return (try await self.tell(offer.length, of: current), false)
            }
            if principal.reach == .single { try await self.makeWay(current) }
            return try await self.beginNew(offer, replacing: current, by: principal)
        }
    }

    /// Declares the length of an upload that was begun without one.
    private func tell(_ length: Int64?, of upload: Upload) async throws(UploadError) -> Upload {
        guard let length, upload.state == .open, upload.declaredLength == nil else { return upload }
        let most = limits.length(at: upload.chunkSize)
        if length > most { throw .limit(.length, most) }
        if length < max(upload.offset, upload.namedLength) {
            throw .lengthConflict(declared: max(upload.offset, upload.namedLength), upload.prefix)
        }
        let naming = Naming(length: length, expires: expiry)
        try await commit([.declare(upload.id, from: upload.entryCount, [], kept: [], naming)])
        return try await self.upload(upload.id, for: upload.owner)
    }

    private func beginNew(
        _ offer: Offer, replacing old: Upload?, by principal: Principal
    ) async throws(UploadError) -> (upload: Upload, isNew: Bool) {
        let upload = try newUpload(offer.metadata, offer.length, principal, cutAs: offer.chunkSize)
        let name = offer.key.map { [LedgerChange.name($0, Generations(current: upload.id))] } ?? []
        if let copy = try await copy(of: offer, as: upload) {
            try await commit([.branch(copy.upload, origin: copy.origin)] + name)
            try await cancelOpen(old)
            return (copy.upload, false)
        }
        guard !stopping.hasFired else { throw .stopping(upload.prefix) }
        try await commit(begun: upload, [.write(upload, entries: [])] + name)
        try await cancelOpen(old)
        return (upload, true)
    }

    private func copy(
        of offer: Offer, as upload: Upload
    ) async throws(UploadError) -> (upload: Upload, origin: UploadID)? {
        guard let contentID = offer.contentID, dedup != .off, upload.owner.reach != .single else { return nil }
        guard let file = try await file(contentID, for: upload.owner), offer.length ?? file.offset == file.offset else {
            return nil
        }
        let twin = try newUpload(offer.metadata, file.offset, upload.owner, cutAs: file.chunkSize)
        return try await complete(Upload(twin, as: upload.id), as: file).map { ($0, file.id) }
    }

    /// What the name stood for before: a finished file stays, under its own id.
    func cancelOpen(_ old: Upload?) async throws(UploadError) {
        guard let old, old.state == .open else { return }
        try await leases.hold(.upload(old.id)) { _ throws(UploadError) in
            guard let now = try await self.existing(old.id, for: old.owner), now.state == .open else { return }
            try await self.end(now, as: .cancelled)
        }
    }

    /// A complete file of the caller's with this content id; nil when there is none.
    package func file(_ contentID: Digest, for principal: Principal) async throws(UploadError) -> Upload? {
        let start = ContinuousClock.now
        let file: Upload?
        do { file = try await ledger.file(contentID, in: namespace, of: principal) } catch { throw .store(error) }
        // Several times as long as it takes: whether another has it shall not be seen.
        if dedup == .prove { await spend(.milliseconds(1), since: start) }
        return file
    }
}

extension Upload {
    /// Whether a client that begins so goes on with this upload.
    fileprivate func isContinued(by offer: Offer) -> Bool {
        if offer.startsOver { return false }
        if state == .complete {
            return offer.contentID.map { $0 == contentID } ?? (offer.length ?? offset == offset)
        }
        let isOtherLength = offer.length != nil && declaredLength != nil && offer.length != declaredLength
        return !isOtherLength && (offer.length ?? .max) >= offset && offer.chunkSize ?? chunkSize == chunkSize
    }

    /// The same under another id.
    fileprivate init(_ other: Upload, as id: UploadID) {
        self.init(
            id: id, namespace: other.namespace, owner: other.owner, chunkSize: other.chunkSize, created: other.created,
            metadata: other.metadata)
        length = other.length
    }
}
