import CairnEngine
import HTTPTypes
import Logging
import NIOCore

/// How a request is logged: as one line for people, or as the message `request` with a field for each part of it.
public enum AccessLogForm: Sendable { case line, fields }

/// One line a request, for people (spec/http.md, "Access log").
///
///     POST /upload 200 in=1048576 out=0 12ms upload=1f0c9a2e offset=1048576 token=2f… from=127.0.0.1:5031 request=5d…
///
/// A path stands there without its query and with everything but visible ASCII escaped; fields, file ids and names sent
/// in fields never do.
struct AccessLog {
    let method: HTTPRequest.Method
    let path: String
    let remote: String
    let request: String
    /// The id of the token that the request came with, or that signed its link: no secret.
    var token: String?
    let start = ContinuousClock.now
    /// Set as they become known.
    var upload: UploadID?
    var offset: Int64?

    func line(_ status: HTTPResponse.Status, received: Int64, sent: Int64) -> String {
        var line =
            "\(method.rawValue) \(Self.escaped(path)) \(status.code) in=\(received) out=\(sent) \(milliseconds)ms"
        if let upload { line += " upload=\("\(upload)".prefix(8))" }
        if let offset { line += " offset=\(offset)" }
        if let token { line += " token=\(token)" }
        return line + " from=\(remote) request=\(request)"
    }

    /// The parts of the line, for programs: lengths in bytes, and the time in milliseconds.
    func fields(_ status: HTTPResponse.Status, received: Int64, sent: Int64) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "method": "\(method.rawValue)", "path": "\(Self.escaped(path))", "status": .stringConvertible(status.code),
            "in": .stringConvertible(received), "out": .stringConvertible(sent),
            "milliseconds": .stringConvertible(milliseconds), "from": "\(remote)", "request": "\(request)",
        ]
        fields["upload"] = upload.map { "\("\($0)".prefix(8))" }
        fields["offset"] = offset.map { .stringConvertible($0) }
        fields["token"] = token.map { "\($0)" }
        return fields
    }

    /// The line of a request that was refused before it could be read.
    static func refusal(_ status: HTTPResponse.Status, _ remote: SocketAddress?) -> String {
        "- - \(status.code) from=\(text(remote))"
    }

    /// `host:port`, `unix`, or `-`.
    static func text(_ address: SocketAddress?) -> String {
        if case .unixDomainSocket? = address { return "unix" }
        guard let address, let host = address.ipAddress, let port = address.port else { return "-" }
        return "\(host):\(port)"
    }

    private var milliseconds: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    private static func escaped(_ path: String) -> String {
        let shown = path.prefix { $0 != "?" }.utf8.prefix(256)
        return shown.map { byte in
            (0x21..<0x7F).contains(byte) && byte != UInt8(ascii: "\\")
                ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
        }.joined()
    }
}
