import CairnTrust
import HTTPTypes

/// What a request shows to say who sends it.
struct Credential {
    let text: String
    /// Whether it stood in the address: then it stands in the addresses of the answer, too.
    let isInQuery: Bool

    /// The token or link of `Authorization: Bearer <token>` (RFC 6750, section 2.1), or the link of `?link=<link>`; nil
    /// when there is none, or the field is there and is another.
    ///
    /// A token is not taken from an address: addresses are kept and shown.
    init?(_ request: HTTPRequest) {
        let values = request.headerFields[values: .authorization]
        if values.isEmpty {
            let query = (request.path ?? "").split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
            let links = query.split(separator: "&").filter { $0.hasPrefix(Self.parameter) }
            guard links.count == 1 else { return nil }
            text = String(links[0].dropFirst(Self.parameter.count))
            isInQuery = true
            guard UploadLink.isMeant(by: text) else { return nil }
            return
        }
        let pieces = values[0].split(separator: " ", omittingEmptySubsequences: true)
        guard values.count == 1, pieces.count == 2, pieces[0].lowercased() == "bearer" else { return nil }
        text = String(pieces[1])
        isInQuery = false
    }

    private static let parameter = "link="

    /// An address with the link in it.
    func extending(_ address: String) -> String {
        isInQuery ? "\(address)\(address.contains("?") ? "&" : "?")\(Self.parameter)\(text)" : address
    }
}
