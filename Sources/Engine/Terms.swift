package import CairnContent

/// What a client asked of an upload besides its name and length; kept with it from its beginning.
package struct Terms: Hashable, Sendable, Codable {
    /// The client's own metadata as it came, to be given back (spec/tus.md, "Metadata").
    package var metadata: String?
    /// What it said of joining, as it came: that this is a part, or which parts this is made of.
    package var concat: String?
    /// The uploads that this one is to be made of, in order; it takes no bytes of its own.
    package var parts: [UploadID]?
    /// What the whole file must come to before it is complete; of a complete one, what it was found to come to.
    package var checksums: [Checksum] = []

    package init(
        metadata: String? = nil, concat: String? = nil, parts: [UploadID]? = nil, checksums: [Checksum] = []
    ) {
        self.metadata = metadata
        self.concat = concat
        self.parts = parts
        self.checksums = checksums
    }
}

extension UploadID: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = UploadID(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not an id"))
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// How an upload begins, and what its first request brings.
package struct Beginning: Hashable, Sendable {
    package var metadata: Metadata
    /// In bytes; nil while the client does not know it.
    package var declaredLength: Int64?
    package var terms: Terms
    /// The first bytes, when the request brings some.
    package var append: Append?

    package init(
        _ metadata: Metadata = Metadata(), declaredLength: Int64? = nil, terms: Terms = Terms(), append: Append? = nil
    ) {
        self.metadata = metadata
        self.declaredLength = declaredLength
        self.terms = terms
        self.append = append
    }
}
