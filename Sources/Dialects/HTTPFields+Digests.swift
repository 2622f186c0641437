package import CairnContent
package import CairnEngine
import FoundationEssentials
package import HTTPTypes
import StructuredFieldValues

extension HTTPFields {
    /// Reads what the request says its bytes, or the whole file, come to, now or behind the last byte
    /// (spec/digests.md).
    func readDigests(into append: inout Append) throws(RequestError) {
        for checksum in try checksums(.contentDigest) {
            if checksum.algorithm == .sha256 {
                append.bodyDigest = Digest(bytes: checksum.bytes)
            } else {
                append.checksums.append(checksum)
            }
        }
        append.fileChecksums = try checksums(.reprDigest)
        append.announced = try announced()
    }

    /// The checksums of a digest field of which we know the algorithm; others are passed over (RFC 9530, section 2).
    func checksums(_ name: HTTPField.Name) throws(RequestError) -> [Checksum] {
        guard let text = self[name] else { return [] }
        guard let checksums = DigestField.checksums(text) else { throw .header(name) }
        return checksums
    }

    /// Which checksums the request says will come as trailers. A field that is not announced is not looked for.
    private func announced() throws(RequestError) -> Set<Trailer.Announced> {
        guard let text = self[.trailer] else { return [] }
        var announced: Set<Trailer.Announced> = []
        for name in text.split(separator: ",") {
            switch name.trimmingBlanks.lowercased() {
            case "upload-checksum": announced.formUnion(Tus.algorithms.map { .checksum($0) })
            case "content-digest": announced.formUnion([.checksum(.sha256), .checksum(.sha512)])
            case "repr-digest": announced.insert(.fileChecksum)
            default: break
            }
        }
        // Only a chunked body has something behind it.
        guard announced.isEmpty || !contains(.contentLength) else { throw .header(.trailer) }
        return announced
    }

    /// The trailer's promises; nil unless each field in `announced` is there and can be read.
    package func trailer(announcedIn head: HTTPFields) -> Trailer? {
        var trailer = Trailer()
        for name in (head[.trailer] ?? "").split(separator: ",") {
            do throws(RequestError) {
                switch name.trimmingBlanks.lowercased() {
                case "upload-checksum":
                    guard let checksum = try Tus.checksum(in: self) else { return nil }
                    trailer.checksums.append(checksum)
                case "content-digest":
                    guard contains(.contentDigest) else { return nil }
                    trailer.checksums += try checksums(.contentDigest)
                case "repr-digest":
                    guard contains(.reprDigest) else { return nil }
                    trailer.fileChecksums += try checksums(.reprDigest)
                default: break
                }
            } catch { return nil }
        }
        return trailer
    }

    /// The algorithm a client wants a digest by, when it wants one that we give: the most wanted first.
    package func wantedAlgorithm(_ name: HTTPField.Name) -> Checksum.Algorithm? {
        guard let text = self[name] else { return nil }
        return DigestField.wanted(text)
    }
}

/// The dictionaries of RFC 9530.
package enum DigestField {
    /// Nil when it is no dictionary, or a digest we know has the wrong length.
    static func checksums(_ text: String) -> [Checksum]? {
        guard let wire = try? StructuredFieldValueDecoder().decode(Digests.self, from: Array(text.utf8)) else {
            return nil  // what is wrong with a malformed field is of no account: it is refused by its name
        }
        let stated = [(Checksum.Algorithm.sha256, wire.sha256), (.sha512, wire.sha512)].compactMap {
            algorithm, member in
            member.map { (algorithm, Array($0.item)) }
        }
        let checksums = stated.compactMap { Checksum($0.0, $0.1) }
        return checksums.count == stated.count ? checksums : nil
    }

    /// A field that cannot be read asks for nothing (RFC 9530, section 4).
    static func wanted(_ text: String) -> Checksum.Algorithm? {
        guard let wire = try? StructuredFieldValueDecoder().decode(Wants.self, from: Array(text.utf8)) else {
            return nil
        }
        let (sha256, sha512) = (wire.sha256?.item ?? 0, wire.sha512?.item ?? 0)
        guard max(sha256, sha512) > 0 else { return nil }
        return sha256 >= sha512 ? .sha256 : .sha512
    }

    /// `sha-256=:…:`
    package static func text(_ checksum: Checksum) -> String {
        let name = checksum.algorithm == .sha512 ? "sha-512" : "sha-256"
        return "\(name)=:\(Data(checksum.bytes).base64EncodedString()):"
    }

    private struct Digests: StructuredFieldValue {
        static let structuredFieldType = StructuredFieldType.dictionary

        struct Member: Codable { let item: Data }

        let sha256: Member?
        let sha512: Member?

        enum CodingKeys: String, CodingKey { case sha256 = "sha-256", sha512 = "sha-512" }
    }

    private struct Wants: StructuredFieldValue {
        static let structuredFieldType = StructuredFieldType.dictionary

        struct Member: Codable { let item: Int }

        let sha256: Member?
        let sha512: Member?

        enum CodingKeys: String, CodingKey { case sha256 = "sha-256", sha512 = "sha-512" }
    }
}
