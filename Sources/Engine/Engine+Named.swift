import CairnContent
public import NIOCore

/// Uploads under a name of the client's own (spec/x-start-byte.md, "Generations").
///
/// A name stands for one upload. Starting over begins a second one, the challenger; whichever counts is decided
/// when the request ends, so that a broken restart loses nothing and two contents are never glued together.
extension Engine {
    /// The upload that the name stands for, as it stands; nil when there is none. Disturbs nobody.
    public func upload(
        named key: UploadKey, for principal: Principal
    ) async throws(UploadError) -> Upload? {
        guard let generations = try await generations(of: key) else { return nil }
        return try await existing(generations.current, for: principal)
    }

    /// The resumption question by name: a request that still brings bytes is cut, so that the answer stands.
    public func resume(
        named key: UploadKey, for principal: Principal
    ) async throws(UploadError) -> Upload? {
        // Also when nothing stands under the name: its first request may be running.
        try await leases.hold(.name(key)) { _ throws(UploadError) in
            guard let upload = try await self.current(of: key, for: principal) else { return nil }
            return try await self.resume(upload.id, for: principal)
        }
    }

    /// Appends a body to the upload that the name stands for, by the rules of X-Start-Byte.
    public func append(
        _ append: Append, body: some AsyncSequence<ByteBuffer, any Error> & Sendable, named key: UploadKey,
        for principal: Principal
    ) async throws(UploadError) -> Upload {
        try await leases.hold(.name(key)) { lease throws(UploadError) in
            guard let current = try await self.current(of: key, for: principal) else {
                return try await self.first(append, body, key, principal, lease)
            }
            if principal.reach == .single { try self.checkSingle(append, after: current) }
            if append.startsOver(current) {
                return try await self.startOver(append, body, from: current, key, lease)
            }
            guard current.state == .complete else {
                return try await self.goOn(append, body, current, lease)
            }
            return try await self.afterEnd(append, body, of: current, key, lease)
        }
    }

    // MARK: The four ways to go on

    private func first(
        _ append: Append, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, _ key: UploadKey,
        _ principal: Principal, _ lease: Lease
    ) async throws(UploadError) -> Upload {
        let upload = try newUpload(append.metadata, append.declaredLength, principal)
        try append.check(against: upload, limits)
        // Nobody knows of it yet, so it is written down together with its first durable bytes.
        let name = LedgerChange.name(key, Generations(current: upload.id))
        return try await leases.hold(.upload(upload.id)) { own throws(UploadError) in
            try await self.receive(append, body, into: upload, until: [lease, own], naming: [name]) { .inferred($0) }
        }
    }

    /// Appends to an upload that the name stands for, under both leases.
    func goOn(
        _ append: Append, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, _ upload: Upload,
        _ name: Lease
    ) async throws(UploadError) -> Upload {
        try await leases.hold(.upload(upload.id)) { lease throws(UploadError) in
            let sound = try await self.soundUpload(upload.id, for: upload.owner)
            return try await self.receive(append, body, into: sound, until: [name, lease]) { .inferred($0) }
        }
    }

    private func startOver(
        _ append: Append, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, from current: Upload,
        _ key: UploadKey, _ lease: Lease
    ) async throws(UploadError) -> Upload {
        // Cut like the other, so that the two can be compared.
        let challenger = try newUpload(
            append.metadata, append.declaredLength, current.owner, cutAs: current.chunkSize)
        try append.check(against: challenger, limits)
        let generations = Generations(current: current.id, challenger: challenger.id)
        try await commit(begun: challenger, [.write(challenger, entries: []), .name(key, generations)])
        return try await goOn(append, body, as: challenger, against: current, key, lease)
    }

    /// More bytes, or none, at the end of a complete file.
    private func afterEnd(
        _ append: Append, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, of file: Upload,
        _ key: UploadKey, _ lease: Lease
    ) async throws(UploadError) -> Upload {
        var prefixOnly = append
        prefixOnly.bodyLength = 0
        try prefixOnly.check(against: file.reopened(), limits)
        guard case .inferred = file.length else {
            return try await nothingMore(of: body, append, after: file, lease)
        }
        if append.bodyLength == 0 {
            return append.declaredLength == file.offset ? try await declare(file) : file
        }
        let branch = try await branch(of: file, key)
        return try await goOn(append, body, as: branch, against: file, key, lease)
    }

    /// The file, when the body holds nothing; one of unknown length is waited for, as patiently as any.
    private func nothingMore(
        of body: some AsyncSequence<ByteBuffer, any Error> & Sendable, _ append: Append, after file: Upload,
        _ lease: Lease
    ) async throws(UploadError) -> Upload {
        guard append.bodyLength != 0 else { return file }
        guard append.bodyLength == nil else { throw .tooLong(declared: file.offset, file.prefix) }
        let limits = limits
        let end: BodyEnd = await BodyEvents.of(
            body, expecting: nil, until: [(.takenOver, lease.revoked), (.stopping, stopping)],
            every: limits.checkpoint, clock
        ) { await BodyEvents.endWithoutBytes(of: $0, limits) }
        // A body that broke before its first byte brought nothing either.
        return end == .cut ? file : try file.answer(to: append, end, nil, limits)
    }

    /// The length that was inferred is now declared.
    private func declare(_ file: Upload) async throws(UploadError) -> Upload {
        try await leases.hold(.upload(file.id)) { _ throws(UploadError) in
            var declared = try await self.upload(file.id, for: file.owner)
            declared.length = .declared(file.offset)
            try await self.commit([.write(declared, entries: [])])
            return declared
        }
    }
}

extension Append {
    /// Whether bytes at zero are another try at the whole file, not the first bytes of this one.
    fileprivate func startsOver(_ current: Upload) -> Bool {
        guard offset == 0 else { return false }
        let isOther = declaredLength != nil && current.declaredLength != nil && declaredLength != current.declaredLength
        return current.offset > 0 || isOther
    }
}

extension Upload {
    /// The file as an upload that could go on, to ask what an append to it would meet.
    fileprivate func reopened() -> Upload {
        var open = self
        open.state = .open
        if case .inferred = length { open.length = .unknown }
        return open
    }
}
