import CairnContent
import CairnEngine
import HTTPTypes

/// The requests that bring bytes (spec/native.md).
extension Native {
    /// `/v1/uploads`: a new upload, the list of open ones, or the one that is looked for.
    static func uploads(_ request: RequestHead) throws(RequestError) -> Command {
        if request.method == .post {
            try request.limitBody(bodyLimit)
            return .native(.begin)
        }
        guard request.method == .get || request.method == .head else { throw .method([.get, .head, .post]) }
        let name = try request.parameter("file-id")
        let contentID = try request.parameter("content-id")
        guard name != nil || contentID != nil else { return try page(of: .open, request) }
        guard name.map({ !$0.isEmpty && $0.utf8.count <= XStartByte.fileIDLimit }) ?? true,
            contentID.map({ Digest($0) != nil }) ?? true
        else { throw .query }
        return .native(.find(name: name, contentID.flatMap { Digest($0) }))
    }

    /// `/v1/uploads/{id}`
    static func upload(_ request: RequestHead, _ id: UploadID) throws(RequestError) -> Command {
        switch request.method {
        case .get, .head: return .look(.id(id))
        case .delete: return .cancel(id)
        case .patch: return .append(try append(in: request.fields), to: .id(id))
        default: throw .method([.get, .head, .patch, .delete])
        }
    }

    private static func append(in fields: HTTPFields) throws(RequestError) -> Append {
        try fields.checkCoding()
        guard let offset = try fields.count(.uploadOffset) else { throw .header(.uploadOffset) }
        return Append(
            at: offset, declaredLength: try fields.count(.uploadLength), bodyLength: try fields.bodyLength(),
            expectedPrefix: try fields.expectedPrefix(), bodyDigest: try fields.bodyDigest())
    }

    /// `/v1/uploads/{id}/…`
    static func part(ofUpload request: RequestHead) throws(RequestError) -> Command {
        guard parts.contains(request.path[3]), request.path.count == 4 || request.path[3] == "chunks" else {
            throw .unknownPath
        }
        let id = try id(request.path[2])
        switch (request.path[3], request.path.count) {
        case ("manifest", 4):
            guard request.method == .patch else { return try reading(request, .manifest(id), also: .patch) }
            return .native(try name(id, request))
        case ("missing", 4): return try reading(request, .native(.missing(id, try indices(request))))
        case ("proofs", 4): return try posting(request, .native(.prove(id)))
        case ("complete", 4):
            try request.limitBody(bodyLimit)
            return try posting(request, .native(.complete(id)))
        case ("chunks", 4): return try posting(request, try frames(request, id))
        case ("chunks", 5): return try put(request, id)
        default: throw .unknownPath
        }
    }

    private static let parts: Set = ["manifest", "missing", "proofs", "complete", "chunks"]

    private static func posting(_ request: RequestHead, _ command: Command) throws(RequestError) -> Command {
        guard request.method == .post else { throw .method([.post]) }
        return command
    }

    private static func frames(_ request: RequestHead, _ id: UploadID) throws(RequestError) -> Command {
        guard request.method != .post || request.fields.isOf("application/vnd.cairn.frames") else { throw .mediaType }
        try request.limitBody(Int(Limits().framesLength))
        return .native(.frames(id, bodyLength: try request.fields.bodyLength()))
    }

    private static func put(_ request: RequestHead, _ id: UploadID) throws(RequestError) -> Command {
        guard request.method == .put else { throw .method([.put]) }
        guard let digest = Digest(request.path[4]) else { throw .path }
        let fields = request.fields
        guard !fields.contains(.contentRange) else { throw .header(.contentRange) }
        let codec: ChunkFrame.Codec
        switch fields[.contentEncoding]?.lowercased() {
        case nil, "identity": codec = .plain
        case "lz4": codec = .lz4
        default: throw .contentCoding
        }
        let length = try fields.bodyLength()
        guard length ?? 0 <= Int64(ChunkSize.maximum.length) else {
            throw .bodyTooLong(limit: ChunkSize.maximum.length)
        }
        // What the client says of the chunk besides its name in the path must not contradict it.
        guard try fields.sha256(.unencodedDigest) ?? digest == digest else { throw .header(.unencodedDigest) }
        let bodyDigest = try fields.sha256(.contentDigest)
        return .native(.put(Put(digest, codec: codec, bodyLength: length, bodyDigest: bodyDigest), to: id))
    }

    private static func name(_ id: UploadID, _ request: RequestHead) throws(RequestError) -> NativeCommand {
        let form: NamesForm
        if request.fields.isOf("application/vnd.cairn.digests") {
            form = .binary
        } else if request.fields.isOf("application/json") {
            form = .json
        } else {
            throw .mediaType
        }
        try request.limitBody(namesLimit(Limits().segmentCount, form))
        guard let index = try number("index", request) else { throw .query }
        return .name(id, index: index, end: try length("end", request), form)
    }

    private static func indices(_ request: RequestHead) throws(RequestError) -> Range<Int> {
        let first = try number("index", request) ?? 0
        let count = try number("count", request) ?? Limits().segmentCount
        return first..<(first + min(count, Limits().segmentCount))
    }

    static func proof(_ request: RequestHead) throws(RequestError) -> ProofQuestion {
        switch (try number("index", request), try number("from", request)) {
        case (let index?, nil): return .inclusion(index)
        case (nil, let count?): return .consistency(count)
        default: throw .query
        }
    }

    /// An index or a count: at most the entries a manifest may have.
    private static func number(_ name: String, _ request: RequestHead) throws(RequestError) -> Int? {
        guard let number = try length(name, request) else { return nil }
        guard number <= Int64(Manifest.countLimit) else { throw .query }
        return Int(number)
    }

    private static func length(_ name: String, _ request: RequestHead) throws(RequestError) -> Int64? {
        guard let text = try request.parameter(name) else { return nil }
        guard let number = HTTPFields.count(text) else { throw .query }
        return number
    }
}

extension RequestHead {
    /// Refuses a body that says it is longer, before it is asked for.
    fileprivate func limitBody(_ limit: Int) throws(RequestError) {
        guard try fields.bodyLength() ?? 0 <= Int64(limit) else { throw .bodyTooLong(limit: limit) }
    }
}

extension HTTPFields {
    /// The SHA-256 in a digest field; other algorithms there are passed over (RFC 9530, section 2).
    fileprivate func sha256(_ name: HTTPField.Name) throws(RequestError) -> Digest? {
        try checksums(name).first { $0.algorithm == .sha256 }.flatMap { Digest(bytes: $0.bytes) }
    }

    /// Whether `Content-Type` is this one, whatever its parameters.
    func isOf(_ type: String) -> Bool { self[.contentType].map(MediaType.essence) == type }
}
