import CairnContent
import Testing

@Suite struct `The prefix digest` {
    private let files: [PrefixVectors.File]

    init() throws {
        files = try vectors("prefix.json", as: PrefixVectors.self).files
    }

    @Test func `is that of the vectors at every offset, inside a chunk too`() throws {
        for file in files {
            let manifest = try manifest(file)
            for prefix in file.prefixes {
                let digest = manifest.prefixDigest(at: prefix.offset, cutting: cut(manifest, at: prefix.offset))
                #expect(digest == prefix.digest, "\(file.name) at \(prefix.offset)")
            }
        }
    }

    @Test func `is the content id of the file that ends there`() throws {
        for file in files {
            for prefix in file.prefixes {
                let ended = try Manifest(
                    chunkSize: #require(ChunkSize(file.chunkSize)), entries: prefix.entries.map(\.entry))
                #expect(ended.contentID == prefix.digest, "\(file.name) at \(prefix.offset)")
                #expect(ended.length == prefix.offset)
            }
        }
    }

    @Test func `at an entry boundary asks for no bytes`() throws {
        for file in files {
            let manifest = try manifest(file)
            var boundary: Int64 = 0
            for count in 0...manifest.entries.count {
                let digest = manifest.prefixDigest(at: boundary) { _ in
                    Issue.record("asked at \(boundary)")
                    return nil
                }
                #expect(digest == Run(manifest.entries[..<count]).prefixDigest())
                if count < manifest.entries.count { boundary += Int64(manifest.entries[count].length) }
            }
        }
    }

    @Test func `inside a chunk asks once, for that chunk`() throws {
        let manifest = try manifest(#require(files.last))
        var asked: [Int] = []
        _ = manifest.prefixDigest(at: 100_001) { index in
            asked.append(index)
            return digest(of: [])
        }
        #expect(asked == [2])
        #expect(manifest.prefixDigest(at: 100_001) { _ in nil } == nil)
    }

    @Test(arguments: [Int64.min, -1, 200_001, .max]) func `does not exist outside the file`(offset: Int64) throws {
        let manifest = try manifest(#require(files.first))
        #expect(manifest.prefixDigest(at: offset) { _ in digest(of: []) } == nil)
    }

    @Test func `does not name the chunk size of a file of one chunk`() throws {
        let one = entries(lengths: [65_536])
        #expect(
            try Manifest(chunkSize: .minimum, entries: one).contentID
                == Manifest(chunkSize: .maximum, entries: one).contentID)
    }

    private func manifest(_ file: PrefixVectors.File) throws -> Manifest {
        try Manifest(chunkSize: #require(ChunkSize(file.chunkSize)), entries: entries(lengths: file.lengths))
    }

    private func cut(_ manifest: Manifest, at offset: Int64) -> (Int) -> Digest? {
        { index in digest(of: content(Int(manifest.offset(of: index))..<Int(offset))) }
    }
}
