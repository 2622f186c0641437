import Benchmark
import CairnDialects
import HTTPTypes

/// Heads of requests, from HTTP's words to a command.
func measureHeads() {
    let id = "0123456789abcdef0123456789abcdef"
    let digest = String(repeating: "ab", count: 32)
    measure("X-Start-Byte", .post, "/upload", ["X-File-Id": "a.bin-1", "X-Start-Byte": "4096", "X-File-Size": "9000"])
    measure("plain PUT", .put, "/files/a.bin", ["Content-Length": "9000"])
    measure(
        "tus PATCH", .patch, "/files/\(id)",
        [
            "Tus-Resumable": "1.0.0", "Upload-Offset": "4096", "Content-Type": "application/offset+octet-stream",
        ])
    measure(
        "IETF PATCH", .patch, "/files/\(id)",
        [
            "Upload-Draft-Interop-Version": "8", "Upload-Offset": "4096", "Upload-Complete": "?1",
            "Content-Type": "application/partial-upload",
        ])
    measure("native PUT of a chunk", .put, "/v1/uploads/\(id)/chunks/\(digest)", ["Content-Length": "65536"])
}

private func measure(_ name: String, _ method: HTTPRequest.Method, _ path: String, _ fields: [String: String]) {
    var request = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path)
    for (name, value) in fields { if let name = HTTPField.Name(name) { request.headerFields[name] = value } }
    Benchmark("head of \(name)", configuration: .thousand) { benchmark in
        for _ in benchmark.scaledIterations {
            let head = try RequestHead(request, id: "1")
            blackHole(try Doors.dialect(of: head).command(in: head))
        }
    }
}
