extension Manifest {
    /// The binary coding: what is stored, and sent to programs.
    public var bytes: [UInt8] {
        let header = ManifestHeader(of: self)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(header.encodedLength)
        header.append(to: &bytes)
        for entry in entries {
            entry.digest.append(to: &bytes)
            if isRagged { bytes.append(bigEndian: UInt32(entry.length)) }
        }
        return bytes
    }

    /// Reads the binary coding; `bytes` is all of it and nothing more.
    ///
    /// The header carries a checksum, the entries do not: who expects a certain file compares the content id.
    ///
    /// - Throws: What `ManifestHeader` throws; `wrongSize`, before memory is taken for entries; `entryLength`,
    ///   `wrongLength` or `wrongMark` when the entries do not fit the header.
    public init(bytes: Span<UInt8>) throws(ManifestError) {
        let header = try ManifestHeader(bytes)
        guard bytes.count == header.encodedLength else {
            throw .wrongSize(expected: header.encodedLength, actual: bytes.count)
        }
        var entries: [Entry] = []
        entries.reserveCapacity(header.count)
        for index in 0..<header.count { entries.append(try header.entry(at: index, in: bytes)) }
        try self.init(stating: header, entries: entries)
    }

    /// The manifest of `entries`, which `header` describes.
    init(stating header: ManifestHeader, entries: [Entry]) throws(ManifestError) {
        try self.init(chunkSize: header.chunkSize, entries: entries)
        guard isRagged == header.isRagged else { throw .wrongMark(isRagged: header.isRagged) }
        guard length == header.fileLength else {
            throw .wrongLength(stated: header.fileLength, possible: length...length)
        }
    }
}

extension ManifestHeader {
    fileprivate func entry(at index: Int, in bytes: Span<UInt8>) throws(ManifestError) -> Entry {
        let place = Self.length + index * entryLength
        let length = isRagged ? Int(bytes.half(at: place + Digest.length)) : length(at: index)
        guard let entry = Entry(checking: Digest(reading: bytes, at: place), length: length) else {
            throw .entryLength(index: index, length: length, limit: chunkSize.length)
        }
        return entry
    }
}
