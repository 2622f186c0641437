public import CairnContent

/// What a request says about the bytes it brings.
public struct Append: Hashable, Sendable {
    /// When a body completes the file.
    public enum Ending: Hashable, Sendable {
        /// Only when the declared length is reached.
        case declared
        /// Also when the body arrives whole and no length was declared; the length is then inferred from it.
        case whole
    }

    /// Where the bytes start; must be where the prefix ends.
    public var offset: Int64
    /// The file's length in bytes, when this request tells it.
    public var declaredLength: Int64?
    /// The body's length in bytes, when it is known before it arrives.
    public var bodyLength: Int64?
    public var ending: Ending
    /// What the client believes the prefix to be.
    public var expectedPrefix: Digest?
    /// SHA-256 over the body. Nothing counts before all of it has arrived and agrees.
    public var bodyDigest: Digest?
    public var metadata: Metadata

    public init(
        at offset: Int64, declaredLength: Int64? = nil, bodyLength: Int64? = nil, ending: Ending = .declared,
        expectedPrefix: Digest? = nil, bodyDigest: Digest? = nil, metadata: Metadata = Metadata()
    ) {
        self.offset = offset
        self.declaredLength = declaredLength
        self.bodyLength = bodyLength
        self.ending = ending
        self.expectedPrefix = expectedPrefix
        self.bodyDigest = bodyDigest
        self.metadata = metadata
    }

    /// Whether these bytes may be appended to `upload`; asked before the first of them is read.
    ///
    /// The order of the questions is that of protocols: offset, prefix, declared length, limits.
    func check(against upload: Upload, _ limits: Limits) throws(UploadError) {
        guard offset == upload.offset else { throw .offsetMismatch(upload.prefix) }
        if let expectedPrefix, expectedPrefix != upload.prefix.digest { throw .prefixMismatch(upload.prefix) }
        guard upload.state == .open else { throw .alreadyComplete(upload.prefix) }
        try checkLength(against: upload)
        try checkLimits(of: upload, limits)
    }

    private func checkLength(against upload: Upload) throws(UploadError) {
        if let declared = upload.declaredLength, let declaredLength, declared != declaredLength {
            throw .lengthConflict(declared: declared, upload.prefix)
        }
        guard let length = declaredLength ?? upload.declaredLength else { return }
        if offset > length { throw .lengthConflict(declared: length, upload.prefix) }
        if let bodyLength, bodyLength > length - offset { throw .tooLong(declared: length, upload.prefix) }
    }

    private func checkLimits(of upload: Upload, _ limits: Limits) throws(UploadError) {
        let length = declaredLength ?? offset.addingReportingOverflow(bodyLength ?? 0).partialValue
        let most = limits.length(at: upload.chunkSize)
        if length < 0 || length > most { throw .limit(.length, most) }
        try limits.check(metadata)
    }
}

extension Limits {
    /// What a client says of a file has a limit whenever it says it.
    func check(_ metadata: Metadata) throws(UploadError) {
        let text = (metadata.name?.utf8.count ?? 0) + (metadata.type?.utf8.count ?? 0)
        if text > metadataLength { throw .limit(.metadataLength, Int64(metadataLength)) }
    }

    /// The longest file at this chunk size, in bytes: the entries of a manifest end before the integers do.
    func length(at chunkSize: ChunkSize) -> Int64 {
        min(length, Int64(entries) * Int64(chunkSize.length))
    }
}
