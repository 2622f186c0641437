/// What stands before a chunk's bytes where many chunks come in one body (spec/native.md, "Many chunks").
package struct ChunkFrame: Hashable, Sendable {
    /// What the bytes behind the header are.
    package enum Codec: UInt8, Sendable, CaseIterable {
        /// The chunk as it is.
        case plain = 0
        /// One LZ4 block of it, without a frame.
        case lz4 = 1
    }

    /// What became of one frame; an answer has one byte of these for each, in their order.
    package enum Verdict: UInt8, Sendable, CaseIterable {
        /// The chunk is durable, and referred to.
        case kept = 0
        /// This upload had it before.
        case had = 1
        /// The bytes are not those that the digest names.
        case wrongBytes = 2
        /// No entry of the upload names it, or one of another length.
        case refused = 3
    }

    /// The count of bytes in a header: digest, plain length, wire length, codec.
    package static let headerLength = 41

    /// What the chunk is, and how long before any coding.
    package let entry: Entry
    package let codec: Codec
    /// How many bytes follow the header.
    package let wireLength: Int

    /// The header of a chunk that follows as `wireLength` bytes, or nil for lengths that no chunk can have: a coded one
    /// is shorter than the chunk, a plain one exactly as long.
    package init?(_ entry: Entry, codec: Codec, wireLength: Int) {
        switch codec {
        case .plain: guard wireLength == entry.length else { return nil }
        case .lz4: guard (1..<entry.length).contains(wireLength) else { return nil }
        }
        self.entry = entry
        self.codec = codec
        self.wireLength = wireLength
    }

    /// The header that stands at the start of `bytes`, or nil when these are no frame; `bytes` has at least
    /// `headerLength` of them.
    package init?(header bytes: Span<UInt8>) {
        precondition(bytes.count >= Self.headerLength, "a header is read when it is whole")
        let digest = Digest(reading: bytes, at: 0)
        guard let entry = Entry(checking: digest, length: Int(bytes.half(at: Digest.length))),
            let codec = Codec(rawValue: bytes[Self.headerLength - 1])
        else { return nil }
        self.init(entry, codec: codec, wireLength: Int(bytes.half(at: Digest.length + 4)))
    }

    /// The header's bytes.
    package var header: [UInt8] {
        var header: [UInt8] = []
        header.reserveCapacity(Self.headerLength)
        entry.digest.append(to: &header)
        header.append(bigEndian: UInt32(entry.length))
        header.append(bigEndian: UInt32(wireLength))
        header.append(codec.rawValue)
        return header
    }
}
