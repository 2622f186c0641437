import CairnDialects
import NIOHTTP1

extension HTTPRequestHead {
    /// Whether the client speaks HTTP/1.1 or HTTP/2; to one of HTTP/1.0 neither `100 Continue` nor a chunked body means
    /// anything.
    var isModern: Bool { version == .http1_1 || version.major == 2 }
}

/// Whether a head says in one way where its message ends (RFC 9112, sections 3.2 and 6.3).
///
/// The parser refuses much of this by itself. What it lets through, two servers in a row might read as two different
/// messages, so it is refused before anything acts on it.
enum Framing {
    static func fault(in head: HTTPRequestHead) -> RequestError? {
        let hosts = head.headers["host"]
        let isOptional = head.version != .http1_1
        guard hosts.count == 1 || hosts.isEmpty && isOptional else { return .framing }
        if hosts.contains(where: { $0.trimmingBlanks.isEmpty || $0.contains(",") }) { return .framing }
        if head.headers.contains(where: { hasControl($0.value) }) { return .framing }
        return lengthFault(in: head) ?? expectationFault(in: head)
    }

    private static func lengthFault(in head: HTTPRequestHead) -> RequestError? {
        let lengths = head.headers["content-length"]
        let codings = head.headers["transfer-encoding"]
        if !codings.isEmpty {
            let isChunked = codings.count == 1 && codings[0].trimmingBlanks.lowercased() == "chunked"
            return isChunked && lengths.isEmpty && head.isModern ? nil : .framing
        }
        if lengths.isEmpty { return nil }
        guard lengths.count == 1 else { return .framing }
        let digits = lengths[0].trimmingBlanks.utf8
        return !digits.isEmpty && digits.allSatisfy(isDigit) ? nil : .framing
    }

    private static func expectationFault(in head: HTTPRequestHead) -> RequestError? {
        let expectations = head.headers["expect"]
        return expectations.allSatisfy { $0.trimmingBlanks.lowercased() == "100-continue" } ? nil : .expectation
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// RFC 9110, section 5.5: of the control characters only the tab belongs into a value.
    private static func hasControl(_ value: String) -> Bool {
        value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
    }
}
