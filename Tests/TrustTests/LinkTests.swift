import CairnContent
import CairnEngine
import CairnTrust
import Foundation
import Testing

@Suite struct `Upload links` {
    private struct Vectors: Decodable {
        struct Case: Decodable, Sendable {
            let name: String
            let at: Int64
            let link: String
            let nonce: String?
            let length: Int64?
            let types: [String]?
            let expires: Int64?
        }

        let token: String
        let cases: [Case]
        let refused: [Case]
    }

    private let vectors: Vectors
    private let text: TokenText
    private let table: TokenTable

    init() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../spec/vectors/links.json").standardizedFileURL
        vectors = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
        text = try #require(TokenText(vectors.token))
        table = try #require(Self.table(text))
    }

    private static func table(_ text: TokenText, rights: Rights = .put, signs: Bool = true) -> TokenTable? {
        let token = Token(
            id: text.id, name: "backend", principal: "shop", namespace: .standard, rights: rights,
            created: Timestamp(seconds: 0), expires: Timestamp(seconds: 1_900_000_000), digest: text.digest,
            linkKey: signs ? LinkKey(of: text) : nil)
        return token.flatMap { TokenTable([$0]) }
    }

    @Test func `those of other makers are read as they are meant`() throws {
        for vector in vectors.cases {
            let moment = Timestamp(seconds: vector.at)
            let link = try #require(UploadLink(vector.link, of: table, at: moment), "\(vector.name)")
            #expect(link.nonce == vector.nonce && link.length == vector.length)
            #expect(link.types == vector.types ?? [] && link.expires.seconds == vector.expires)
            #expect(link.signed(with: LinkKey(of: text)) == vector.link)
        }
    }

    @Test func `those that cannot be, are over, or are signed otherwise count for nothing`() {
        for vector in vectors.refused {
            #expect(UploadLink(vector.link, of: table, at: Timestamp(seconds: vector.at)) == nil, "\(vector.name)")
        }
    }

    @Test func `one changed anywhere counts for nothing`() {
        for vector in vectors.cases {
            let letters = Array(vector.link)
            for place in letters.indices {
                for letter in ["A", "z", "0", ".", "_"] as [Character] where letter != letters[place] {
                    var changed = letters
                    changed[place] = letter
                    #expect(UploadLink(String(changed), of: table, at: Timestamp(seconds: vector.at)) == nil)
                }
            }
        }
    }

    @Test func `a token that may not put, signs none, or is over, has signed nothing`() throws {
        let vector = try #require(vectors.cases.first)
        let moment = Timestamp(seconds: vector.at)
        let weak = try #require(Self.table(text, rights: .get))
        let mute = try #require(Self.table(text, signs: false))
        for table in [weak, mute, TokenTable()] { #expect(UploadLink(vector.link, of: table, at: moment) == nil) }
        let far = try #require(
            UploadLink(token: text.id, nonce: "n", length: 1, expires: Timestamp(seconds: 3_000_000_000)))
        let signed = far.signed(with: LinkKey(of: text))
        #expect(UploadLink(signed, of: table, at: Timestamp(seconds: 1_899_999_999)) != nil)
        #expect(UploadLink(signed, of: table, at: Timestamp(seconds: 1_900_000_000)) == nil)
    }

    @Test func `a type is allowed by its name or its kind, whatever its parameters and case`() throws {
        let end = Timestamp(seconds: 1)
        let some = try #require(
            UploadLink(token: text.id, nonce: "n", length: 1, types: ["image/*", "text/plain"], expires: end))
        for type in ["image/png", "IMAGE/PNG", "text/plain; charset=utf-8"] { #expect(some.allows(type), "\(type)") }
        for type in [nil, "", "text/html", "imagex/png", "text/plainx", "video/image"] { #expect(!some.allows(type)) }
        let any = try #require(UploadLink(token: text.id, nonce: "n", length: 1, expires: end))
        #expect(any.allows(nil) && any.allows("text/html"))
    }
}
