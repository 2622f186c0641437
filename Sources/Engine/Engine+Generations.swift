import CairnContent
import Logging
import NIOCore

/// Which of two uploads under one name counts.
extension Engine {
    func generations(of key: UploadKey) async throws(UploadError) -> Generations? {
        do { return try await ledger.generations(of: key) } catch { throw .store(error) }
    }

    func existing(_ id: UploadID, for principal: Principal) async throws(UploadError) -> Upload? {
        do { return try await upload(id, for: principal) } catch {
            switch error {
            case .gone, .unknownUpload: return nil
            default: throw error
            }
        }
    }

    /// The upload that counts under the name. Whom a stop left as challenger is settled first.
    func current(of key: UploadKey, for principal: Principal) async throws(UploadError) -> Upload? {
        guard let generations = try await generations(of: key) else { return nil }
        if let challenger = generations.challenger {
            try await settle(key, generations.current, challenger, principal)
            return try await current(of: key, for: principal)
        }
        return try await existing(generations.current, for: principal)
    }

    /// Appends to the challenger, then decides which of the two counts. A refusal speaks of the one that does.
    func goOn(
        _ append: Append, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, as challenger: Upload,
        against current: Upload, _ key: UploadKey, _ lease: Lease
    ) async throws(UploadError) -> Upload {
        let outcome: Result<Upload, UploadError>
        do throws(UploadError) {
            outcome = .success(try await goOn(append, body, challenger, lease))
        } catch { outcome = .failure(error) }
        let winner = try await settle(key, current.id, challenger.id, current.owner)
        switch outcome {
        case .success: return winner ?? current
        case .failure(let error): throw winner.map { error.speaking(of: $0.prefix) } ?? error
        }
    }

    /// Decides which of two generations counts, ends the other one, and returns the one that does.
    ///
    /// Holds the leases of both meanwhile, so that neither is ended or moved under its eyes. Whoever holds the lease of
    /// an upload waits for no name, and nobody else waits for two.
    @discardableResult
    private func settle(
        _ key: UploadKey, _ current: UploadID, _ challenger: UploadID, _ principal: Principal
    ) async throws(UploadError) -> Upload? {
        try await leases.hold(.upload(current)) { _ throws(UploadError) in
            try await self.leases.hold(.upload(challenger)) { _ throws(UploadError) in
                try await self.settleHeld(key, current, challenger, principal)
            }
        }
    }

    private func settleHeld(
        _ key: UploadKey, _ currentID: UploadID, _ challengerID: UploadID, _ principal: Principal
    ) async throws(UploadError) -> Upload? {
        let current = try await existing(currentID, for: principal)
        let challenger = try await existing(challengerID, for: principal)
        guard let current, let challenger else {
            let left = current ?? challenger
            try await commit([.name(key, left.map { Generations(current: $0.id) })])
            return left
        }
        let verdict = try await verdict(current, challenger)
        let winner = verdict == .challenger || verdict == .challengerBeside ? challenger : current
        try await commit([.name(key, Generations(current: winner.id))])
        if verdict == .current { try await end(challenger, as: .cancelled) }
        if verdict == .challenger { try await end(current, as: .cancelled) }
        return winner
    }

    /// Which generation counts.
    private enum Verdict {
        case current, challenger
        /// The challenger counts; the other one is a finished file of its own and stays.
        case challengerBeside
    }

    private func verdict(_ current: Upload, _ challenger: Upload) async throws(UploadError) -> Verdict {
        let shorter = min(current.offset, challenger.offset)
        let isEqual = try await haveEqualBytes(current, challenger, upTo: shorter)
        let isFile = current.state == .complete && current.declaredLength != nil
        guard isEqual else { return current.state == .complete ? .challengerBeside : .challenger }
        if challenger.offset > current.offset { return isFile ? .challengerBeside : .challenger }
        let isShortFile = challenger.state == .complete && challenger.declaredLength != nil
        if challenger.offset < current.offset {
            guard isShortFile else { return .current }
            return current.state == .complete ? .challengerBeside : .challenger
        }
        return challenger.state == .complete && current.state == .open ? .challenger : .current
    }

    /// Bytes that can no longer be read are equal to none: what the client sends anew must not wait for them.
    private func haveEqualBytes(_ one: Upload, _ other: Upload, upTo offset: Int64) async throws(UploadError) -> Bool {
        do throws(UploadError) {
            return try await prefixDigest(of: one, at: offset) == prefixDigest(of: other, at: offset)
        } catch {
            guard case .store(.damaged) = error else { throw error }
            return false
        }
    }

    /// A new generation that starts with what a file holds: no chunk is copied but a last, shorter one, which
    /// becomes the tail, so that the cuts stay where every client expects them.
    func branch(of file: Upload, _ key: UploadKey) async throws(UploadError) -> Upload {
        var branch = try newUpload(file.metadata, nil, file.owner, cutAs: file.chunkSize)
        branch.run = file.run
        branch.acknowledged = file.offset
        let lastIndex = file.run.count - 1
        if lastIndex >= 0, let last = try await entries(of: file, in: lastIndex..<file.run.count).first,
            last.length < file.chunkSize.length
        {
            branch.run = try await run(of: file, count: lastIndex)
            branch.tail = try await tail(of: branch.id, copying: last)
        }
        let generations = Generations(current: file.id, challenger: branch.id)
        try await commit(begun: branch, [.branch(branch, origin: file.id), .name(key, generations)])
        return branch
    }

    private func run(of file: Upload, count: Int) async throws(UploadError) -> Run {
        var run = Run()
        while run.count < count {
            for entry in try await entries(of: file, in: run.count..<min(run.count + Self.page, count)) {
                run.append(entry)
            }
        }
        return run
    }

    private func tail(of upload: UploadID, copying entry: Entry) async throws(UploadError) -> Tail {
        do {
            let draft = try await store.draft(continuing: nil)
            try await draft.append(try await verifiedChunk(entry))
            return Tail(entry: entry, name: try await draft.persist(for: upload))
        } catch { throw .store(error) }
    }
}

extension UploadError {
    /// The same refusal, telling another prefix.
    func speaking(of prefix: Prefix) -> UploadError {
        switch self {
        case .offsetMismatch: .offsetMismatch(prefix)
        case .prefixMismatch: .prefixMismatch(prefix)
        case .lengthConflict(let declared, _): .lengthConflict(declared: declared, prefix)
        case .tooLong(let declared, _): .tooLong(declared: declared, prefix)
        case .digestMismatch(let expected, let actual, _):
            .digestMismatch(expected: expected, actual: actual, prefix)
        case .alreadyComplete: .alreadyComplete(prefix)
        case .bodyCut: .bodyCut(prefix)
        case .stalled: .stalled(prefix)
        case .stopping: .stopping(prefix)
        case .manifestConflict(let index, _): .manifestConflict(index: index, prefix)
        case .unknownUpload, .gone, .takenOver, .limit, .store, .manifestInvalid, .notInManifest, .incomplete,
            .contentMismatch, .finalUpload:
            self
        case .frameInvalid: .frameInvalid(prefix)
        case .checksumMismatch: .checksumMismatch(prefix)
        case .trailer: .trailer(prefix)
        case .fileMismatch: .fileMismatch(prefix)
        case .fallen: .fallen(prefix)
        }
    }
}
