import AsyncHTTPClient
import NIOHTTP1

extension ServerAddress {
    /// A GET of `path`, which begins with a slash and is percent-encoded.
    func request(_ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url(path))
        // A socket of the file system has no host name, and every request of HTTP/1.1 needs one.
        if isSocket { request.headers.add(name: "host", value: "localhost") }
        return request
    }
}
