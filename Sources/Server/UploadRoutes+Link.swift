import CairnContent
import CairnDialects
import CairnEngine
import CairnTrust

/// What one may do who comes with an upload link: bring one file, by any door.
extension UploadRoutes {
    /// The name that an upload stands under: the client's own, or that of the link.
    func key(_ name: String) -> UploadKey { caller.link?.key(of: principal) ?? UploadKey(name, of: principal) }

    /// Who the caller is to be told to be; nil where nobody is asked.
    func identity() async throws(UploadError) -> Identity? {
        guard let token = caller.token else { return nil }
        guard let link = caller.link else {
            return Identity(
                principal: token.principal, namespace: token.namespace, rights: token.rights.words,
                expires: token.expires)
        }
        let current = try await engine.upload(named: link.key(of: principal), for: principal)
        let state: Identity.Link.State = current.map { $0.state == .complete ? .complete : .open } ?? .unused
        return Identity(
            principal: nil, namespace: nil, rights: caller.rights.words,
            expires: min(link.expires, token.expires ?? link.expires),
            link: Identity.Link(length: link.length, types: link.types, state: state))
    }

    /// Throws unless the command is about the link's own upload and within what the link allows.
    func checkLink(_ command: Command) async throws {
        guard let link = caller.link else { return }
        let current = try await engine.upload(named: link.key(of: principal), for: principal)
        if case .id(let id) = command.target, id != current?.id { throw UploadError.unknownUpload }
        if current?.state == .complete, command.begins { throw RequestError.linkUsed }
        switch command {
        case .join: throw RequestError.forbidden([])
        case .begin(let beginning):
            try link.check(beginning.declaredLength, beginning.metadata)
            if let append = beginning.append { try link.check(append, to: nil) }
        case .create(let append): try link.check(append, to: nil)
        case .append(let append, .id): try link.check(append, to: current)
        case .append(let append, .name):
            try link.check(append, to: append.offset == 0 ? nil : current)
        default: break
        }
    }

    /// The offer as it is under the link: the file it brought already, or the one it may bring.
    func linked(_ offer: Offer) async throws -> (offer: Offer, file: Upload?) {
        guard let link = caller.link else { return (offer, nil) }
        var offer = offer
        offer.key = link.key(of: principal)
        try link.check(offer.length, offer.metadata)
        let current = try await engine.upload(named: link.key(of: principal), for: principal)
        guard let current, current.state == .complete else { return (offer, nil) }
        let isSame = offer.contentID ?? current.contentID == current.contentID
        guard isSame, offer.length ?? current.offset == current.offset, !offer.startsOver else {
            throw RequestError.linkUsed
        }
        return (offer, current)
    }

    /// Throws when entries named up to `last`, or an end, make the file longer than the link allows.
    func checkLink(naming last: Int, end: Int64?, in id: UploadID) async throws {
        guard let link = caller.link else { return }
        let chunkSize = Int64(try await engine.upload(id, for: principal).chunkSize.length)
        let least = end ?? Int64(min(max(last - 1, 0), engine.limits.entries)) * chunkSize
        try link.check(least + (end == nil && last > 0 ? 1 : 0), nil)
    }
}

extension UploadLink {
    /// - Parameter metadata: What is said of a file that begins.
    fileprivate func check(_ length: Int64?, _ metadata: Metadata?) throws(RequestError) {
        if let length, length > self.length { throw .linkLength(limit: self.length) }
        if let metadata, !allows(metadata.type) { throw .mediaType }
    }

    /// - Parameter upload: The one that goes on; nil when the request begins one.
    fileprivate func check(_ append: Append, to upload: Upload?) throws(RequestError) {
        try check(append.declaredLength, upload == nil ? append.metadata : nil)
        let (end, isTooLong) = append.offset.addingReportingOverflow(append.bodyLength ?? 0)
        try check(isTooLong ? .max : end, nil)
    }
}

extension Command {
    /// Whether a new upload comes of it, or may come.
    var begins: Bool {
        switch self {
        case .begin, .create, .join: true
        default: false
        }
    }

    /// What it says of the bytes that its body brings to the end of a file.
    var append: Append? {
        switch self {
        case .append(let append, _), .create(let append): append
        case .begin(let beginning): beginning.append
        case .resume, .look, .fetch, .read, .manifest, .list, .cancel, .capabilities, .health, .life, .options, .native,
            .join:
            nil
        }
    }
}
