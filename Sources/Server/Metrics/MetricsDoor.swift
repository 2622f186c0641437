import HTTPTypes
import Hummingbird
import NIOCore

/// `/metrics` at a server's own address: for callers on this machine, and not for those for whom a proxy on it asks.
enum MetricsDoor {
    static let path = "/metrics"

    /// The answer; nil when it is none of the caller's business, so that there seems to be nothing.
    static func answer(to request: Request, from remote: SocketAddress?, _ registry: MetricsRegistry) -> Response? {
        guard request.uri.path == path, admits(request.headers, from: remote), isReading(request.method) else {
            return nil
        }
        return answer(request.method, registry)
    }

    static func answer(_ method: HTTPRequest.Method, _ registry: MetricsRegistry) -> Response {
        let text = ByteBuffer(string: registry.text())
        let fields: HTTPFields = [
            .contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store",
            .contentLength: "\(text.readableBytes)",
        ]
        return Response(
            status: .ok, headers: fields, body: method == .head ? ResponseBody() : ResponseBody(byteBuffer: text))
    }

    static func isReading(_ method: HTTPRequest.Method) -> Bool { method == .get || method == .head }

    /// What every proxy of spec/operating adds, and what others do.
    private static let marks = [
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via",
    ]
    .compactMap { HTTPField.Name($0) }

    static func admits(_ fields: HTTPFields, from remote: SocketAddress?) -> Bool {
        guard !marks.contains(where: { fields.contains($0) }) else { return false }
        switch remote {
        case .unixDomainSocket: return true
        case let address?: return address.ipAddress.map { Exposure(host: $0) == .local } ?? false
        case nil: return false
        }
    }
}
