import AsyncHTTPClient
import CairnDialects
import CairnEngine
import FoundationEssentials
import HTTPTypes
import NIOCore
import NIOHTTP1

/// A server's whole answer, its body within a limit.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: ByteBuffer

    subscript(_ name: HTTPField.Name) -> String? { headers.first(name: name.rawName) }

    var text: String { String(buffer: body) }

    /// The prefix that the answer states, when it does.
    var prefix: PrefixField? { self[.uploadPrefix].flatMap { PrefixField($0) } }

    /// The upload that `Location` names.
    ///
    /// Only its last piece is read: the server does not know under which path it is mounted.
    var location: UploadID? {
        self[.location].flatMap { $0.split(separator: "/").last }.flatMap { UploadID(String($0)) }
    }

    /// The answer, when it is a success.
    func successful() throws(Setback) -> Answer {
        guard !(200..<300).contains(status) else { return self }
        throw refusal.setback(wait: retryAfter)
    }

    /// The value in the body.
    func decoded<Value: Decodable>(as type: Value.Type) throws(ClientError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch {
            throw .notUnderstood("its JSON has other members than expected")
        }
    }
}

extension Answer {
    var refusal: Refusal {
        guard self[.contentType]?.hasPrefix("application/problem+json") == true,
            let problem = try? decoded(as: Problem.self)  // a problem that cannot be read is shown as text
        else { return Refusal(status: status, problem: nil, text: plainText) }
        let type = problem.type?.split { $0 == "/" || $0 == "#" }.last.map(String.init)
        let words = [problem.title, problem.detail].compactMap(\.self)
        return Refusal(status: status, problem: type, text: words.joined(separator: ": "))
    }

    /// The body when it is short text, else where the server points to.
    private var plainText: String {
        if (300..<400).contains(status), let target = self[.location] { return "it points to \(target), so use that" }
        let isText = self[.contentType]?.hasPrefix("text/plain") == true && body.readableBytes <= 200
        return isText ? text.trimmingCharacters : ""
    }

    /// `Retry-After` in seconds (RFC 9110, section 10.2.3). As a date it is left alone: clocks differ.
    private var retryAfter: Duration? {
        self[.retryAfter].flatMap { Int64($0) }.flatMap { (0...Self.secondsLimit).contains($0) ? .seconds($0) : nil }
    }

    private static let secondsLimit: Int64 = 1_000_000

    /// The members of RFC 9457 that are shown.
    private struct Problem: Decodable {
        let type: String?
        let title: String?
        let detail: String?
    }
}

extension String {
    /// Without white space at either end.
    fileprivate var trimmingCharacters: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
