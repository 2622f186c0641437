/// A request as the script sees it: whole, or as far as the script let it come.
package struct ScriptedRequest: Sendable {
    package let method: String
    /// Without its query.
    package let path: String
    /// Behind the question mark, as it came; empty without one.
    package let query: String
    /// Names in lower case.
    package let fields: [String: String]
    package var body: [UInt8] = []

    /// The field's value; nil when it was not sent.
    package subscript(_ name: String) -> String? { fields[name] }

    package init(method: String, target: String, fields: [String: String]) {
        let pieces = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        self.method = method
        path = pieces[0]
        query = pieces.count > 1 ? pieces[1] : ""
        self.fields = fields
    }
}

/// What the server does when a request has come as far as it may.
package enum ScriptedAct: Sendable {
    case answer(ScriptedAnswer)
    /// The head and so many bytes of the body, then the connection closes.
    case part(ScriptedAnswer, length: Int)
    /// The connection closes without an answer.
    case close
    /// Nothing, for ever; nothing more is read either.
    case silence
}

package struct ScriptedAnswer: Sendable {
    package var status: Int
    package var fields: [String: String]
    package var body: [UInt8]

    package init(_ status: Int, _ fields: [String: String] = [:], _ body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    package init(_ status: Int, _ fields: [String: String] = [:], text: String) {
        self.init(status, fields, Array(text.utf8))
    }
}

/// What a scripted server does; called on its event loops.
package protocol Script: Sendable {
    /// How many bytes of the body to take before acting; nil for all of them.
    func limit(for request: ScriptedRequest) -> Int?
    /// - Parameter isWhole: Whether the body came to its end.
    func act(on request: ScriptedRequest, isWhole: Bool) -> ScriptedAct
}
