package import HTTPTypes

/// A refusal in words and figures (RFC 9457), and the status that goes with it (spec/http.md, "Problems").
///
/// Every error has its problem in one exhaustive switch; a dialect words only its departures.
package struct Problem: Sendable {
    package var status: HTTPResponse.Status
    /// The last piece of the problem's type.
    package let name: String
    /// What happened, in a few words: the same for every problem of this type.
    package let title: String
    /// What to do now.
    package let detail: String
    /// Fields that the answer carries besides.
    package var fields: HTTPFields = [:]
    private var members: [(String, JSON)] = []
    /// What its document says besides the members that every problem has.
    package var memberNames: [String] { members.map(\.0) }

    init(_ status: HTTPResponse.Status, _ name: String, _ title: String, _ detail: String) {
        self.status = status
        self.name = name
        self.title = title
        self.detail = detail
    }

    /// With one more member.
    func with(_ name: String, _ value: JSON) -> Problem {
        var problem = self
        problem.members.append((name, value))
        return problem
    }

    /// With one more field.
    func with(_ name: HTTPField.Name, _ value: String) -> Problem {
        var problem = self
        problem.fields[name] = value
        return problem
    }

    /// The same request may succeed later, after so many seconds.
    func retryable(after seconds: Int? = nil) -> Problem {
        let problem = with("retryable", .bool(true))
        return seconds.map { problem.with(.retryAfter, "\($0)") } ?? problem
    }

    /// More is asked for at once than the server does at once.
    package static let busy = Problem(.serviceUnavailable, "busy", "Too many at once", "Try again in a moment.")
        .retryable(after: 1)

    /// An absolute-path reference, or the address IANA gave the type.
    package var type: String {
        Self.registered.contains(name) ? "https://iana.org/assignments/http-problem-types#\(name)" : "/problems/\(name)"
    }

    private static let registered: Set = [
        "mismatching-upload-offset", "inconsistent-upload-length", "completed-upload",
    ]

    static let mediaType = "application/problem+json"

    /// The answer with the problem's document; without an instance when the request never got an id.
    package func answer(for requestID: String) -> Answer {
        var fields = fields
        fields[.contentType] = Self.mediaType
        fields[.cacheControl] = "no-store"
        let common: [(String, JSON)] = [
            ("type", .string(type)), ("title", .string(title)), ("status", .number(Int64(status.code))),
            ("detail", .string(detail)),
        ]
        let instance: [(String, JSON)] = requestID.isEmpty ? [] : [("instance", .string(requestID))]
        return Answer(status, fields, json: .object(common + instance + members))
    }
}

extension HTTPResponse.Status {
    /// The same code with another reason phrase.
    func saying(_ reasonPhrase: String) -> HTTPResponse.Status {
        HTTPResponse.Status(code: code, reasonPhrase: reasonPhrase)
    }

    static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}
