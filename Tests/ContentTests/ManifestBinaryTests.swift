import CairnContent
import Testing

@Suite struct `The binary coding of a manifest` {
    private let vectors: ManifestVectors

    init() throws {
        vectors = try ContentTests.vectors("manifest.json")
    }

    @Test func `is that of the vectors, and is read back`() throws {
        for vector in vectors.manifests {
            let chunkSize = try #require(ChunkSize(vector.chunkSize))
            let manifest = try Manifest(chunkSize: chunkSize, entries: vector.entries.map(\.entry))
            #expect(manifest.contentID == vector.contentId, "\(vector.name)")
            #expect(manifest.isRagged == vector.isRagged, "\(vector.name)")
            #expect(manifest.length == vector.length, "\(vector.name)")
            #expect(hex(manifest.bytes) == vector.hex, "\(vector.name)")
            #expect(try Manifest(reading: bytes(hex: vector.hex)) == manifest, "\(vector.name)")
        }
    }

    @Test func `is refused where the vectors say so, for the reason they give`() {
        for vector in vectors.refused {
            let error = #expect(throws: ManifestError.self, "\(vector.reason)") {
                try Manifest(reading: bytes(hex: vector.hex))
            }
            #expect(error?.name == vector.error, "\(vector.reason)")
        }
    }

    @Test func `tells its whole length in its first 32 bytes`() throws {
        for vector in vectors.manifests {
            let all = bytes(hex: vector.hex)
            let header = try ManifestHeader(all.span.extracting(first: ManifestHeader.length))
            #expect(header.encodedLength == all.count, "\(vector.name)")
            #expect(header.count == vector.entries.count, "\(vector.name)")
            #expect(header.fileLength == vector.length, "\(vector.name)")
        }
    }

    @Test(arguments: [65_536, 5]) func `carries 1,048,576 entries`(length: Int) throws {
        let entry = entries(lengths: [length])[0]
        let manifest = try Manifest(
            chunkSize: .minimum, entries: Array(repeating: entry, count: Manifest.countLimit))
        let coded = manifest.bytes
        #expect(coded.count == 32 + (manifest.isRagged ? 36 : 32) << 20)
        #expect(try Manifest(reading: coded) == manifest)
    }

    @Test(arguments: Seed.some) func `is read back for random manifests`(seed: Seed) throws {
        var random = seed
        for _ in 0..<200 {
            let lengths = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                Bool.random(using: &random) ? 65_536 : Int.random(in: 1...65_536, using: &random)
            }
            let entries = try lengths.map { Entry(digest: try #require(Digest(bytes: random.bytes(32))), length: $0) }
            let manifest = try Manifest(chunkSize: .minimum, entries: entries)
            #expect(try Manifest(reading: manifest.bytes) == manifest)
        }
    }
}

extension Manifest {
    /// A span cannot be handed into `#expect`.
    init(reading bytes: [UInt8]) throws(ManifestError) {
        try self.init(bytes: bytes.span)
    }
}

extension ManifestError {
    fileprivate var name: String {
        switch self {
        case .notAManifest: "notAManifest"
        case .damagedHeader: "damagedHeader"
        case .unsupported: "unsupported"
        case .wrongSize: "wrongSize"
        case .chunkSize: "chunkSize"
        case .tooManyEntries: "tooManyEntries"
        case .entryLength: "entryLength"
        case .wrongLength: "wrongLength"
        case .wrongMark: "wrongMark"
        case .wrongContentID: "wrongContentID"
        }
    }
}
