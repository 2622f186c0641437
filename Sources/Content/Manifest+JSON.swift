extension Manifest {
    /// The JSON coding, for people and browsers (spec/manifest.md, "JSON"): twice as long as the binary one.
    public var json: [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(256 + entries.count * (isRagged ? 77 : 67))
        json.append(contentsOf: #"{"chunkSize":\#(chunkSize.length),"length":\#(length),"contentId":""#.utf8)
        contentID.appendText(to: &json)
        json.append(contentsOf: #"","entries":["#.utf8)
        for (index, entry) in entries.enumerated() {
            json.append(contentsOf: (index == 0 ? "\"" : ",\"").utf8)
            entry.digest.appendText(to: &json)
            json.append(UInt8(ascii: "\""))
        }
        json.append(UInt8(ascii: "]"))
        if isRagged { appendLengths(to: &json) }
        json.append(UInt8(ascii: "}"))
        return json
    }

    private func appendLengths(to json: inout [UInt8]) {
        json.append(contentsOf: #","lengths":["#.utf8)
        for (index, entry) in entries.enumerated() {
            json.append(contentsOf: (index == 0 ? "\(entry.length)" : ",\(entry.length)").utf8)
        }
        json.append(UInt8(ascii: "]"))
    }
}

extension Manifest: Decodable {
    private enum Member: String, CodingKey {
        case chunkSize, length, contentID = "contentId", entries, lengths
    }

    /// Reads the JSON coding; members it does not know are passed over.
    ///
    /// - Throws: `ManifestError` when the members do not fit each other; `DecodingError` when one is absent or of
    ///   another type.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        let digests = try members.decode(LimitedList<Digest>.self, forKey: .entries).elements
        let lengths = try members.decodeIfPresent(LimitedList<Int>.self, forKey: .lengths)?.elements
        let header = try ManifestHeader(
            chunkSize: members.decode(Int.self, forKey: .chunkSize), isRagged: lengths != nil, count: digests.count,
            fileLength: members.decode(Int64.self, forKey: .length))
        try self.init(stating: header, entries: Self.entries(digests, lengths, header))
        let stated = try members.decode(Digest.self, forKey: .contentID)
        guard contentID == stated else { throw ManifestError.wrongContentID(stated: stated, actual: contentID) }
    }

    private static func entries(
        _ digests: [Digest], _ lengths: [Int]?, _ header: ManifestHeader
    ) throws(ManifestError) -> [Entry] {
        guard lengths == nil || lengths?.count == digests.count else {
            throw .wrongSize(expected: digests.count, actual: lengths?.count ?? 0)
        }
        var entries: [Entry] = []
        entries.reserveCapacity(digests.count)
        for (index, digest) in digests.enumerated() {
            let length = lengths?[index] ?? header.length(at: index)
            guard let entry = Entry(checking: digest, length: length) else {
                throw .entryLength(index: index, length: length, limit: header.chunkSize.length)
            }
            entries.append(entry)
        }
        return entries
    }
}
