import CairnContent
import Foundation
import Testing

@Suite struct `A digest` {
    private static let text = "93d1a595bb5828c088e99c53df8dca5511567b7724bc2325cf3e54d725fa069b"

    @Test func `names the bytes it was made of`() {
        #expect(digest(of: content(0..<65_536)).description == Self.text)
    }

    @Test func `is spelled in one way and read back from it`() throws {
        let digest = try #require(Digest(Self.text))
        #expect(digest.description == Self.text)
        #expect(Digest(bytes: digest.bytes) == digest)
        #expect(hex(digest.bytes) == Self.text)
    }

    /// A digit short or long, upper case, prefixed, padded, and with the neighbours of the digits in ASCII.
    private static let misspelled: [String] = {
        let short = String(text.dropLast())
        let neighbours = ["g", "G", "/", ":", "`", "@", " ", "\n"].map { short + $0 }
        return ["", "0", short, "\(text)0", text.uppercased(), " \(short)", "0x\(short.dropLast())"]
            + neighbours + ["\(short.dropLast())é", "sha-256=\(text)"]
    }()

    @Test(arguments: misspelled) func `no other text is read as one`(text: String) {
        #expect(Digest(text) == nil)
    }

    @Test(arguments: [0, 1, 31, 33, 64]) func `no other count of bytes is read as one`(count: Int) {
        #expect(Digest(bytes: content(0..<count)) == nil)
    }

    @Test func `is read from any collection of bytes`() {
        let bytes = content(0..<40)
        #expect(Digest(bytes: bytes[3..<35])?.bytes == Array(bytes[3..<35]))
        #expect(Digest(bytes: (0..<32).reversed().map { UInt8($0) })?.bytes.first == 31)
    }

    @Test func `is appended as 32 bytes`() {
        var bytes: [UInt8] = [9]
        digest(of: []).append(to: &bytes)
        #expect(bytes == [9] + digest(of: []).bytes)
    }

    @Test func `is ordered as its bytes are`() {
        var seed = Seed(10)
        let all =
            (0..<200).map { _ in seed.bytes(32) }
            + (0..<32).map { place in
                (0..<32).map { $0 == place ? 1 : 0 }
            }
        let sorted = all.compactMap { Digest(bytes: $0) }.sorted().map(\.bytes)
        #expect(sorted == all.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test func `is its text in JSON`() throws {
        let digest = try #require(Digest(Self.text))
        let json = try JSONEncoder().encode([digest])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(Self.text)\"]")
        #expect(try JSONDecoder().decode([Digest].self, from: json) == [digest])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Digest].self, from: Data("[\"00\"]".utf8)) }
    }
}
