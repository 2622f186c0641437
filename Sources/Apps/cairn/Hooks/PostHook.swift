import AsyncHTTPClient
import CairnContent
import CairnEngine
import CairnServer
import NIOCore
import NIOHTTP1

/// A hook that is posted to: JSON, with an HMAC when there is a secret.
///
/// 2xx allows; 4xx refuses, and the first line of its text says why. Anything else is no answer.
struct PostHook: Sendable {
    let url: String
    let limit: Duration
    /// The key of the signature.
    let secret: [UInt8]?
    let http: HTTPClient

    /// The most that is read of an answer, in bytes.
    private static let reasonLength = 1024

    /// Throws when it gives no answer.
    func run(_ event: HookEvent) async throws -> UploadHooks.Verdict {
        let response = try await http.execute(request(event), timeout: .nanoseconds(Int64(limit / .nanoseconds(1))))
        switch response.status.code {
        case 200..<300: return .allowed
        case 400..<500 where response.status.code != 408 && response.status.code != 429:
            return .refused(await Self.firstLine(response.body))
        default: throw HookFailure.status(response.status.code)
        }
    }

    private static func firstLine(_ body: HTTPClientResponse.Body) async -> String {
        var bytes: [UInt8] = []
        do {
            for try await part in body {
                bytes += part.readableBytesView.prefix(reasonLength - bytes.count)
                if bytes.count == reasonLength { break }
            }
        } catch {
            return ""  // the status has told what counts
        }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private func request(_ event: HookEvent) -> HTTPClientRequest {
        let body = Array(event.json.utf8)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "cairn-event", value: event.kind.rawValue)
        // A try again is the same delivery.
        request.headers.add(name: "cairn-delivery", value: "\(event.request)-\(event.kind.rawValue)")
        if let secret {
            let time = "\(Timestamp.now().seconds)"
            let signature = Self.signature(time, body, secret)
            request.headers.add(name: "cairn-signature", value: "t=\(time),v1=\(signature)")
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }

    /// HMAC-SHA256 (RFC 2104), in hexadecimal digits, over the time in seconds, a point and the body.
    static func signature(_ time: String, _ body: [UInt8], _ secret: [UInt8]) -> Digest {
        let signed = Array("\(time).".utf8) + body
        return ChunkProof.hmac(secret, over: signed.span)
    }
}
