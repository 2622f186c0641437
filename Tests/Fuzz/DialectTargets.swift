@testable import CairnContent
@testable import CairnDialects
@testable import CairnEngine
import Foundation
import HTTPTypes

extension Target {
    /// What comes in HTTP requests.
    static let dialects = [
        Target(name: "request", take: request), Target(name: "fields", take: fields),
        Target(name: "bodies", take: bodies),
    ]

    /// A request's head as text: `METHOD target`, then a field a line. From the head to the command, and from whatever
    /// may come of that to the answer.
    private static func request(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let words = lines.first?.split(separator: " ", maxSplits: 1) ?? []
        guard words.count == 2, let method = HTTPRequest.Method(String(words[0])) else { return }
        var request = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: String(words[1]))
        for line in lines.dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, let name = HTTPField.Name(String(halves[0])) else { continue }
            request.headerFields.append(HTTPField(name: name, value: String(halves[1])))
        }
        for isForwarded in [false, true] {
            let setting = Setting(moment: Timestamp(seconds: 1_700_000_000), isForwarded: isForwarded)
            guard let head = try? RequestHead(request, id: "request", in: setting) else { continue }
            Exchanges(head: head, choice: bytes.reduce(0) { $0 + Int($1) }).run()
        }
    }

    /// The value of one field, by each parser that may get it.
    private static func fields(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let field = ContentDisposition(text) {
            claim(field.fileName?.hasControlCharacter != true, "a name has no control characters")
            claim(ContentDisposition(field.description) == field, "Content-Disposition reads back: \(field)")
        }
        if let field = PrefixField(text) { claim(PrefixField(field.description) == field, "a prefix reads back") }
        if let field = ContentDigestField(text), field.sha256 != nil {
            claim(ContentDigestField(field.description) == field, "a digest reads back")
        }
        for checksum in DigestField.checksums(text) ?? [] {
            claim(DigestField.checksums(DigestField.text(checksum)) == [checksum], "a checksum reads back")
        }
        _ = DigestField.wanted(text)
        if let ranges = ByteRanges(text) {
            claim((1...ByteRanges.countLimit).contains(ranges.specs.count), "as many ranges as are allowed")
            for length: Int64 in [0, 1, 100, 1 << 50, .max] {
                let isInside = ranges.resolved(in: length).allSatisfy {
                    !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= length
                }
                claim(isInside, "a range lies in the file")
            }
        }
        let tags = EntityTags(text)
        claim(!tags.isExactly("x") || tags.containStrongly("x"), "a tag that is exactly this one is among them")
        _ = (tags.contain("x"), MediaType.isHarmless(text), text.trimmingBlanks, FileID(text: text).name)
        if MediaType.isValid(text) { claim(!text.hasControlCharacter || text.contains("\t"), "a type is of one line") }
        claim(PercentCoding.bytes(PercentCoding.encode(text)) == Array(text.utf8), "percent coding reads back")
        if let decoded = PercentCoding.decode(text) { claim(!decoded.hasControlCharacter, "no control characters") }
        trailer(text)
    }

    private static func trailer(_ text: String) {
        let trailer: HTTPFields = [.uploadChecksum: text, .contentDigest: text, .reprDigest: text]
        for announced in ["upload-checksum", "content-digest", "repr-digest, Upload-Checksum", text] {
            let known = trailer.trailer(announcedIn: [.trailer: announced])
            claim(known?.checksums.allSatisfy { $0.bytes.count == $0.algorithm.length } ?? true, "lengths fit")
        }
        if let metadata = try? TusMetadata(in: [.uploadMetadata: text]) {
            claim(metadata.known.name?.hasControlCharacter != true, "a name has no control characters")
            claim(metadata.known.type.map(MediaType.isValid) ?? true, "a type is one")
        }
    }

    /// A body of the native dialect; the first byte says which.
    private static func bodies(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let kind = input.byte() % 5
        let body = input.bytes
        switch kind {
        case 0:
            guard let offer = try? Native.offer(body, by: .everyone) else { return }
            claim(offer.length ?? 0 >= 0, "a length is no debt")
            claim(offer.metadata.name?.hasControlCharacter != true, "a name has no control characters")
            claim(offer.metadata.type.map(MediaType.isValid) ?? true, "a type is one")
        case 1:
            let digests = try? Native.digests(body, .binary)
            claim((digests?.flatMap(\.bytes)).map { $0 == body } ?? (body.count % 32 != 0), "digests are their bytes")
        case 2:
            guard let digests = try? Native.digests(body, .json) else { return }
            claim(digests.count * 67 <= body.count, "each digest was there")
        case 3:
            guard let (length, _) = try? Native.completion(body) else { return }
            claim(length ?? 0 >= 0, "a length is no debt")
        default:
            guard let (nonce, proofs) = try? Native.proofs(body) else { return }
            claim(nonce.count == ChunkProof.nonceLength, "a nonce has its length")
            claim(proofs.allSatisfy { (0..<Manifest.countLimit).contains($0.index) }, "an index is in a manifest")
        }
    }
}
