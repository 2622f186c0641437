package import CairnEngine
package import HTTPTypes

/// One wording of commands and outcomes in HTTP. Neither waits nor stores.
package protocol Dialect: Sendable {
    /// What the request asks for.
    static func command(in request: RequestHead) throws(RequestError) -> Command
    /// How the outcome is told to the one who sent `request`.
    static func answer(to outcome: Outcome, for request: RequestHead) -> Answer
    /// What is told before the answer, once the upload's row is durable (`isBeginning`) or more bytes of it are; nil in
    /// dialects that tell nothing.
    static func interim(_ upload: Upload, isBeginning: Bool, for request: RequestHead) -> HTTPResponse?
}

extension Dialect {
    package static func interim(_ upload: Upload, isBeginning: Bool, for request: RequestHead) -> HTTPResponse? { nil }
}

/// An answer before it is sent: its head, and where its body's bytes come from.
package struct Answer: Hashable, Sendable {
    /// A run of a body's bytes.
    package enum Part: Hashable, Sendable {
        case bytes([UInt8])
        /// Bytes of the file the outcome speaks of, by offset.
        case file(Range<Int64>)

        /// In bytes.
        package var length: Int64 {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .file(let range): range.upperBound - range.lowerBound
            }
        }
    }

    package private(set) var head: HTTPResponse
    /// In the order they are sent. An answer to HEAD has them too; whoever sends it leaves them out.
    package let body: [Part]

    /// An answer with `Content-Length`, which no status but 204 and 304 goes without: a HEAD answer lacking it breaks
    /// the connection in some HTTP stacks.
    package init(_ status: HTTPResponse.Status, _ fields: HTTPFields = [:], body: [Part] = []) {
        head = HTTPResponse(status: status, headerFields: fields)
        self.body = body
        guard status != .noContent, status != .notModified else { return }
        head.headerFields[.contentLength] = "\(body.reduce(0) { $0 + $1.length })"
    }

    /// The answer with more fields; those replace the ones of their names.
    package func with(_ fields: HTTPFields) -> Answer {
        var answer = self
        for field in fields { answer.head.headerFields[field.name] = field.value }
        return answer
    }

    /// An answer with a short text for people.
    init(_ status: HTTPResponse.Status, _ fields: HTTPFields = [:], text: String) {
        var fields = fields
        fields[.contentType] = "text/plain; charset=utf-8"
        self.init(status, fields, body: text.isEmpty ? [] : [.bytes(Array(text.utf8))])
    }

    /// An answer with a JSON document.
    init(_ status: HTTPResponse.Status, _ fields: HTTPFields = [:], json: JSON) {
        var fields = fields
        fields[.contentType] = fields[.contentType] ?? "application/json"
        self.init(status, fields, body: [.bytes(Array(json.description.utf8))])
    }
}
