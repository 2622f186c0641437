public import CairnContent

/// What a request says about the bytes it brings.
public struct Append: Hashable, Sendable {
    /// When a body completes the file.
    public enum Ending: Hashable, Sendable {
        /// Only when the declared length is reached.
        case declared
        /// Also when the body arrives whole and no length was declared; the length is then inferred from it.
        case whole
        /// Never, not even at the declared length: another request ends the file.
        case open
        /// When it arrives whole; a declared length must then be reached.
        case last
    }

    /// Where the bytes start; must be where the prefix ends.
    public var offset: Int64
    /// The file's length in bytes, when this request tells it.
    public var declaredLength: Int64?
    /// The body's length in bytes, when it is known before it arrives.
    public var bodyLength: Int64?
    /// When the body completes the file.
    public var ending: Ending
    /// What the client believes the prefix to be.
    public var expectedPrefix: Digest?
    /// SHA-256 over the body. Nothing counts before all of it has arrived and agrees.
    public var bodyDigest: Digest?
    /// Counts where the upload has none yet.
    public var metadata: Metadata
    /// What the body must come to besides. Nothing counts before all of it has arrived and agrees.
    package var checksums: [Checksum] = []
    /// What is to be told of the bytes behind the last of them.
    package var announced: Set<Trailer.Announced> = []
    /// What the whole file must come to before it is complete.
    package var fileChecksums: [Checksum] = []
    /// Whether the upload is refused while fewer bytes are here than were acknowledged.
    package var needsAcknowledged = false
    /// Whether more bytes than declared, or a file unlike its checksums, end the upload.
    package var endsWhenWrong = false

    /// Bytes that start at `offset`; everything else as the properties of the same names say.
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
        guard upload.terms.parts == nil else { throw .finalUpload }
        if needsAcknowledged, upload.offset < upload.acknowledged { throw .fallen(upload.prefix) }
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
        if offset > length || length < upload.namedLength { throw .lengthConflict(declared: length, upload.prefix) }
        guard let bodyLength else { return }
        if bodyLength > length - offset { throw .tooLong(declared: length, upload.prefix) }
        if ending == .last, bodyLength < length - offset { throw .lengthConflict(declared: length, upload.prefix) }
    }

    private func checkLimits(of upload: Upload, _ limits: Limits) throws(UploadError) {
        let length = declaredLength ?? offset.addingReportingOverflow(bodyLength ?? 0).partialValue
        let most = limits.length(at: upload.chunkSize)
        if length < 0 || length > most { throw .limit(.length, most) }
        try limits.check(metadata)
    }
}

extension Append {
    /// Whether nothing of the body may count before its end.
    var isWithheld: Bool { bodyDigest != nil || !checksums.isEmpty || !announced.isEmpty }

    /// The checksums to compute over the body.
    var algorithms: Set<Checksum.Algorithm> {
        Set(checksums.map(\.algorithm)).union(
            announced.compactMap { if case .checksum(let algorithm) = $0 { algorithm } else { nil } })
    }

    /// Whether the file ends with this body once it has arrived whole and `offset` is reached.
    func completes(at offset: Int64, declaredLength: Int64?) -> Bool {
        switch ending {
        case .open: false
        case .declared: offset == declaredLength
        case .whole, .last: declaredLength == nil || offset == declaredLength
        }
    }
}

extension Limits {
    /// What a client says of a file has a limit whenever it says it.
    func check(_ metadata: Metadata) throws(UploadError) {
        let text = (metadata.name?.utf8.count ?? 0) + (metadata.type?.utf8.count ?? 0)
        if text > metadataLength { throw .limit(.metadataLength, Int64(metadataLength)) }
    }

    /// The longest file at this chunk size, in bytes: the entries of a manifest end before the integers do.
    package func length(at chunkSize: ChunkSize) -> Int64 {
        min(length, Int64(entries) * Int64(chunkSize.length))
    }
}
