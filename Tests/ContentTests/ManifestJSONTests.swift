import CairnContent
import Foundation
import Testing

@Suite struct `The JSON coding of a manifest` {
    private let manifests: [ManifestVectors.Case]

    init() throws {
        manifests = try vectors("manifest.json", as: ManifestVectors.self).manifests
    }

    @Test func `is that of the vectors, and is read back`() throws {
        for vector in manifests {
            let manifest = try Manifest(reading: bytes(hex: vector.hex))
            #expect(String(decoding: manifest.json, as: UTF8.self) == vector.json, "\(vector.name)")
            #expect(try read(vector.json) == manifest, "\(vector.name)")
        }
    }

    @Test func `passes over members it does not know`() throws {
        let json = manifests[0].json.replacing("{", with: #"{"more":[1,{}],"#, maxReplacements: 1)
        #expect(try read(json).entries == [])
    }

    @Test(arguments: ["chunkSize", "length", "contentId", "entries"])
    func `is refused without a member it needs`(member: String) {
        for vector in manifests {
            #expect(throws: DecodingError.self, "\(vector.name)") {
                try read(vector.json.replacing("\"\(member)\"", with: "\"other\""))
            }
        }
    }

    @Test func `is refused when the length is not that of the entries`() throws {
        let json = try json("one chunk and one byte")
        for length in [Int64.min, -1, 0, 65_536, 131_073, .max] {
            #expect(throws: ManifestError.wrongLength(stated: length, possible: 65_537...131_072)) {
                try read(json.replacing(#""length":65537"#, with: #""length":\#(length)"#))
            }
        }
    }

    @Test func `is refused when the content id is another`() throws {
        let regular = try #require(manifests.first { $0.name == "one chunk and one byte" })
        let other = digest(of: [])
        #expect(throws: ManifestError.wrongContentID(stated: other, actual: regular.contentId)) {
            try read(regular.json.replacing("\(regular.contentId)", with: "\(other)"))
        }
        // Two bytes in the last chunk instead of one: nothing but the content id can tell.
        #expect(throws: ManifestError.self) {
            try read(regular.json.replacing(#""length":65537"#, with: #""length":65538"#))
        }
    }

    @Test(arguments: [-1, 0, 1, 32_768, 65_537, 33_554_432])
    func `is refused for another chunk size`(chunkSize: Int) throws {
        let json = try json("one byte")
        #expect(throws: ManifestError.chunkSize(chunkSize)) {
            try read(json.replacing(#""chunkSize":65536"#, with: #""chunkSize":\#(chunkSize)"#))
        }
    }

    @Test(arguments: [
        ("[65536,34464,65536]", ManifestError.wrongSize(expected: 4, actual: 3)),
        ("[65536,34464,65536,34464,1]", .wrongSize(expected: 4, actual: 5)),
        ("[65536,0,65536,34464]", .entryLength(index: 1, length: 0, limit: 65_536)),
        ("[65536,-5,65536,34464]", .entryLength(index: 1, length: -5, limit: 65_536)),
        ("[65536,65537,65536,34464]", .entryLength(index: 1, length: 65_537, limit: 65_536)),
        ("[65536,34464,65536,34465]", .wrongLength(stated: 200_000, possible: 200_001...200_001)),
        ("[65536,65536,65536,3392]", .wrongMark(isRagged: true)),
    ])
    func `is refused when the lengths do not fit`(lengths: String, error: ManifestError) throws {
        let json = try json("two files joined")
        #expect(throws: error) { try read(json.replacing("[65536,34464,65536,34464]", with: lengths)) }
    }

    @Test func `is refused at the first entry beyond 1,048,576`() {
        let entry = "\"\(digest(of: []))\""
        let list = Array(repeating: entry, count: Manifest.countLimit + 1).joined(separator: ",")
        #expect(throws: ManifestError.tooManyEntries(limit: 1 << 20)) { try read(#"{"entries":[\#(list)]}"#) }
    }

    private func json(_ name: String) throws -> String {
        try #require(manifests.first { $0.name == name }).json
    }

    private func read(_ json: String) throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(json.utf8))
    }
}
