import CairnContent
import CairnDialects
import CairnEngine
import CairnTrust

/// What a request may bring, looked at before any of it is read.
extension UploadRoutes {
    /// Reserves what a command may bring; throws when its principal may not have that much. Nil where nothing is
    /// counted.
    func reserve(for command: Command) async throws -> Account.Reservation? {
        guard let account = caller.account, let allowance = caller.token?.allowance,
            allowance.length != nil || allowance.uploads != nil
        else { return nil }
        let isCounted = allowance.length != nil
        let charge = try await charge(for: command, isCounted)
        return charge == Usage() ? nil : try await reserve(charge, from: account, allowance)
    }

    private func reserve(
        _ charge: Usage, from account: Account, _ allowance: Allowance
    ) async throws -> Account.Reservation {
        let (reservation, others) = account.reserve(charge)
        let usage = try await engine.usage(of: principal)
        if let limit = allowance.uploads, charge.uploads > 0 {
            guard usage.uploads + charge.uploads <= limit else { throw RequestError.openUploads(limit: limit) }
            guard usage.uploads + charge.uploads + others.uploads <= limit else { throw RequestError.quotaInUse }
        }
        if let limit = allowance.length, charge.length > 0 {
            let left = limit - min(usage.length, limit)
            guard charge.length <= left else { throw RequestError.quota(limit: limit, used: usage.length) }
            guard others.length <= left - charge.length else { throw RequestError.quotaInUse }
        }
        return reservation
    }

    /// What the command adds at most to what the ledger counts as its principal's. Without `isCounted` only uploads
    /// are of interest, and no length need be told.
    private func charge(for command: Command, _ isCounted: Bool) async throws -> Usage {
        switch command {
        case .create(let append):
            return Usage(length: try known(append.declaredLength ?? append.bodyLength, isCounted), uploads: 1)
        case .begin(let beginning):
            let body = try beginning.append.map { try known(beginning.declaredLength ?? $0.bodyLength, isCounted) }
            return Usage(length: beginning.declaredLength ?? body ?? 0, uploads: 1)
        case .join(let parts, _):
            var length: Int64 = 0
            for id in parts where isCounted { length += try await engine.upload(id, for: principal).countedLength }
            return Usage(length: length, uploads: 1)
        case .append(let append, .id(let id)):
            return Usage(length: try charge(append, to: try await engine.upload(id, for: principal), isCounted))
        case .append(let append, .name(let name)):
            guard let current = try await engine.upload(named: key(name), for: principal), append.offset > 0,
                current.state == .open
            else {
                // At the end of a complete file stands a copy of it, to which the bytes are added.
                let length = try known(append.declaredLength ?? append.bodyLength.map { append.offset + $0 }, isCounted)
                return Usage(length: length, uploads: 1)
            }
            return Usage(length: try charge(append, to: current, isCounted))
        default: return Usage()
        }
    }

    private func charge(_ append: Append, to upload: Upload, _ isCounted: Bool) throws(RequestError) -> Int64 {
        guard upload.declaredLength == nil else { return 0 }
        if let length = append.declaredLength { return max(0, length - upload.countedLength) }
        return max(0, upload.offset + (try known(append.bodyLength, isCounted)) - upload.countedLength)
    }

    private func known(_ length: Int64?, _ isCounted: Bool) throws(RequestError) -> Int64 {
        guard let length else {
            if isCounted { throw .lengthNeeded }
            return 0
        }
        return length
    }

    // MARK: Native, once its body is read

    /// The same for an upload that is begun natively, or found again.
    func reserve(for offer: Offer) async throws -> Account.Reservation? {
        guard let account = caller.account, let allowance = caller.token?.allowance else { return nil }
        var current: Upload?
        if let key = offer.key { current = try await engine.upload(named: key, for: principal) }
        if let current, current.state == .open, !offer.startsOver {
            let more = max(0, (offer.length ?? 0) - current.countedLength)
            return more == 0 ? nil : try await reserve(Usage(length: more), from: account, allowance)
        }
        if let current, current.state == .complete, !offer.startsOver, offer.length == current.offset { return nil }
        return try await reserve(Usage(length: offer.length ?? 0, uploads: 1), from: account, allowance)
    }

    /// The same for entries that are named.
    func reserve(naming count: Int, from index: Int, end: Int64?, in id: UploadID) async throws -> Account.Reservation?
    {
        guard let account = caller.account, let allowance = caller.token?.allowance, allowance.length != nil else {
            return nil
        }
        let upload = try await engine.upload(id, for: principal)
        guard upload.declaredLength == nil else { return nil }
        let (last, isTooMany) = index.addingReportingOverflow(count)
        guard !isTooMany, last <= engine.limits.entries else { return nil }  // refused for that
        let length = (end ?? Int64(last) * Int64(upload.chunkSize.length)) - upload.countedLength
        return length <= 0 ? nil : try await reserve(Usage(length: length), from: account, allowance)
    }
}
