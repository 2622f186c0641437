import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import Testing

@Suite struct `Upload-Prefix` {
    private let vector = ":SBapMnDHMKvxDD7rdFM1HmbagU8/gtjph0ODyGG/VtQ=:"

    @Test func `states digest, offset and chunk size`() {
        #expect(PrefixField(upload(200_000)).description == vector + ";offset=200000;chunk-size=65536")
    }

    @Test func `leaves out the chunk size of a ragged prefix`() {
        var ragged = upload(200_000)
        ragged.isRagged = true
        #expect(PrefixField(ragged).description == vector + ";offset=200000")
    }

    @Test func `what is written is read`() {
        let field = PrefixField(upload(200_000))
        #expect(PrefixField(field.description) == field)
        #expect(PrefixField(vector)?.digest == field.digest && PrefixField(vector)?.offset == nil)
        #expect(PrefixField("  \(vector);offset=5;new=?1 ")?.offset == 5)
    }

    @Test(arguments: [
        "", ":", "::", "SBapMnDHMKvxDD7rdFM1HmbagU8/gtjph0ODyGG/VtQ=", ":AAAA:", ":SBapMnDHMKvxDD7r:;offset=1", "\"x\"",
        "?1",
        ":SBapMnDHMKvxDD7rdFM1HmbagU8/gtjph0ODyGG/VtQ=:;offset=-1",
        ":SBapMnDHMKvxDD7rdFM1HmbagU8/gtjph0ODyGG/VtQ=:;offset=a",
        ":SBapMnDHMKvxDD7rdFM1HmbagU8/gtjph0ODyGG/VtQ=:;chunk-size=5",
        ":SBapMnDHMKvxDD7rdFM1HmbagU8/gtjph0ODyGG/VtQ=:, :AA==:",
        ":SBapMnDHMKvxDD7rdFM1HmbagU8/gtjph0ODyGG/VtQ=:;offset=1234567890123456", ":ÿ:", "a;b;c",
    ])
    func `anything else is no prefix`(text: String) { #expect(PrefixField(text) == nil) }
}

@Suite struct `Content-Digest` {
    private let digest = Digest(hashing: bytes(0..<5).span)

    @Test func `what is written is read, among other algorithms too`() {
        let text = ContentDigestField(digest).description
        #expect(ContentDigestField(text)?.sha256 == digest)
        #expect(ContentDigestField("md5=:AAAA:, \(text)")?.sha256 == digest)
    }

    @Test func `without SHA-256 it says nothing to us`() {
        let field = ContentDigestField("sha-512=:AAAA:")
        #expect(field != nil && field?.sha256 == nil)
    }

    @Test(arguments: ["sha-256", "sha-256=1", "sha-256=:AAAA:", "sha-256=(:AAAA:)", "=", "sha-256=\"x\"", ":AAAA:"])
    func `anything else is no digest`(text: String) { #expect(ContentDigestField(text) == nil) }
}

@Suite struct `Content-Disposition` {
    @Test(arguments: [
        ("attachment", nil), ("attachment; filename=a.txt", "a.txt"), ("inline; filename=\"a b.txt\"", "a b.txt"),
        ("attachment; filename=\"a\\\"b\\\\c\"", "a\"b\\c"), ("ATTACHMENT; FILENAME=x", "x"),
        ("attachment; filename*=UTF-8''%E2%82%AC%20rates", "€ rates"),
        ("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", "€ rates"),
        ("attachment; filename*=iso-8859-1'en'%A3%20rates", "£ rates"), ("attachment; filename=\"日本.txt\"", "日本.txt"),
        ("attachment;filename=x;", "x"), ("attachment ; filename = \"x\" ; size=5", "x"),
        ("attachment; filename=\"\"", nil),
        ("attachment; filename=\"../../etc/passwd\"", "../../etc/passwd"), ("attachment; filename=ü.txt", "ü.txt"),
        ("attachment; filename*=UTF-8'de'a%2Fb", "a/b"),
    ])
    func `names a file in any script`(text: String, name: String?) throws {
        #expect(try #require(ContentDisposition(text)).fileName == name)
    }

    @Test(arguments: [
        "", ";", "attachment; filename", "attachment; filename=", "attachment; filename=\"a",
        "attachment; filename=\"a\\",
        "attachment filename=a", "attachment; filename=a; filename=b", "attachment; filename*=a",
        "attachment; filename*=UTF-8''%", "attachment; filename*=UTF-8''%FF", "attachment; filename*=UTF-16''a",
        "attachment; filename=\"a\u{0}b\"", "attachment; filename*=UTF-8''a%0D%0Ab", "attachment; filename=\"a\"b",
        "attachment; =a", "a b; c",
    ])
    func `anything malformed is refused`(text: String) { #expect(ContentDisposition(text) == nil) }

    @Test(arguments: [
        ("a.txt", "attachment; filename=\"a.txt\""), ("a\"b", "attachment; filename=\"a_b\"; filename*=UTF-8''a%22b"),
        ("100%", "attachment; filename=\"100_\"; filename*=UTF-8''100%25"),
        ("фото", "attachment; filename=\"____\"; filename*=UTF-8''%D1%84%D0%BE%D1%82%D0%BE"),
        ("a\r\nb", "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"),
    ])
    func `a name is written so that nothing in it can be taken for syntax`(name: String, text: String) {
        #expect(ContentDisposition(attachment: name).description == text)
    }

    @Test(arguments: ["plain.txt", "two words", "日本語.zip", "a\"b\\c;d=e,f%g", "📷", "ж/ж", "-"])
    func `what is written is read`(name: String) {
        #expect(ContentDisposition(ContentDisposition(attachment: name).description)?.fileName == name)
    }
}

@Suite struct `Percent-encoding` {
    @Test(arguments: ["", "a b", "фото.jpg", "%", "a/b", "\u{1F600}", "~-._"])
    func `what is encoded is decoded`(text: String) {
        #expect(PercentCoding.decode(PercentCoding.encode(text)) == text)
    }

    @Test func `kept characters stay`() { #expect(PercentCoding.encode("a/b c", keeping: "/") == "a/b%20c") }
}
