import CairnContent
import Foundation
import Testing

@Suite struct `The worked examples of the pages` {
    @Test func `the manifest in bytes is the vector, and its content id stands below`() throws {
        let page = try page("manifest.md")
        let rows = page.matches(of: /\n    [0-9a-f]{4}  ((?:[0-9a-f]{2} )*[0-9a-f]{2})(?=\n|  )/)
        let shown = rows.map { $0.1.replacing(" ", with: "") }.joined()
        let vectors = try vectors("manifest.json", as: ManifestVectors.self).manifests
        let vector = try #require(vectors.first { $0.name == "one chunk and one byte" })
        #expect(shown == vector.hex)
        #expect(digests(in: page) == [vector.contentId] + vector.entries.map(\.digest))
    }

    @Test func `each digest of the prefix digest's page is one of its example`() throws {
        let whole = entries(lengths: [65_536, 65_536, 65_536, 3_392])
        let cut = entries(lengths: [65_536, 65_536, 18_928])
        let known = Set(cut.map(\.digest) + (whole + cut).map { MerkleTree.root(of: [$0]) })
            .union([2, 3, 4].map { MerkleTree.root(of: whole[..<$0]) })
            .union([MerkleTree.root(of: cut)])
        let page = try page("prefix-digest.md")
        #expect(Set(digests(in: page)).isSubset(of: known))
        #expect(digests(in: page).contains(MerkleTree.root(of: cut)))
    }

    @Test func `the 37 bytes of a leaf are those of the cut entry`() throws {
        let rows = try page("prefix-digest.md").matches(of: /\n    ((?:[0-9a-f]{2} ){16,}[0-9a-f]{2})/)
        let shown = rows.map { $0.1.replacing(" ", with: "") }.joined()
        let cut = entries(lengths: [65_536, 65_536, 18_928])[2]
        #expect(digest(of: bytes(hex: shown)) == MerkleTree.root(of: [cut]))
    }

    private func page(_ name: String) throws -> String {
        let file = URL(filePath: #filePath).appending(path: "../../../spec/\(name)").standardizedFileURL
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// In their order, each where it first stands.
    private func digests(in page: String) -> [Digest] {
        var seen: Set<Substring> = []
        return page.matches(of: /\b[0-9a-f]{64}\b/).map(\.output).filter { seen.insert($0).inserted }
            .compactMap { Digest(String($0)) }
    }
}
