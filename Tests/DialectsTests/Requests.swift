import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes

/// A request's head, as a dialect gets it.
func head(
    _ method: HTTPRequest.Method, _ path: String, _ fields: [String: String] = [:]
) throws(RequestError) -> RequestHead {
    var request = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path)
    for (name, value) in fields { request.headerFields[HTTPField.Name(name)!] = value }
    return try RequestHead(request, id: "req-1")
}

/// What the request asks for, by whichever dialect it belongs to.
func command(
    _ method: HTTPRequest.Method, _ path: String, _ fields: [String: String] = [:]
) throws(RequestError) -> Command {
    let head = try head(method, path, fields)
    return try Doors.dialect(of: head).command(in: head)
}

/// How the request is refused; nil when it is a command.
func refusal(
    _ method: HTTPRequest.Method, _ path: String, _ fields: [String: String] = [:]
) -> RequestError? {
    do throws(RequestError) {
        _ = try command(method, path, fields)
        return nil
    } catch { return error }
}

let someID = UploadID("0123456789abcdef0123456789abcdef")!
let file = "/files/\(someID)"

/// Byte i is (7i + 3) mod 251: the file of the vectors in spec/prefix-digest.md.
func bytes(_ range: Range<Int>) -> [UInt8] { range.map { UInt8((7 * $0 + 3) % 251) } }

/// An upload of the vectors' file at chunk size 65,536.
func upload(
    _ length: Int, _ state: Upload.State = .open, name: String? = nil, type: String? = nil,
    declared: Int64? = nil
) -> Upload {
    var upload = Upload(
        id: someID, namespace: .standard, owner: .everyone, chunkSize: ChunkSize(65_536)!,
        created: Timestamp(seconds: 1_700_000_000), metadata: Metadata(name: name, type: type))
    for start in stride(from: 0, to: length, by: 65_536) {
        let chunk = bytes(start..<min(start + 65_536, length))
        upload.run.append(Entry(digest: Digest(hashing: chunk.span), length: chunk.count))
    }
    upload.state = state
    if let declared { upload.length = .declared(declared) }
    return upload
}

extension Answer {
    var text: String {
        String(decoding: body.flatMap { if case .bytes(let bytes) = $0 { bytes } else { [UInt8]() } }, as: UTF8.self)
    }

    /// The ranges of the file in its body.
    var ranges: [Range<Int64>] {
        body.compactMap { if case .file(let range) = $0 { range } else { nil } }
    }

    subscript(name: String) -> String? { head.headerFields[HTTPField.Name(name)!] }
}
