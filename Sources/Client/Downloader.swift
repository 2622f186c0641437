import AsyncHTTPClient
import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import NIOCore
import NIOHTTP1

/// Fetches chunks of one file and verifies each before it is handed on (RFC 9110, sections 13.1.5 and 14).
struct Downloader {
    let remote: Remote
    let id: UploadID
    let manifest: Manifest
    private var backoff: Backoff

    init(remote: Remote, id: UploadID, manifest: Manifest) {
        self.remote = remote
        self.id = id
        self.manifest = manifest
        backoff = Backoff(remote.policy)
    }

    /// Calls `keep` with the chunks of `indices` in their order, over as many tries as it takes.
    mutating func fetch(
        _ indices: Range<Int>, _ keep: (Int, ByteBuffer) async throws(ClientError) -> Void
    ) async throws(ClientError) {
        var next = indices.lowerBound
        while next < indices.upperBound {
            let before = next
            do {
                try await fetchOnce(next..<indices.upperBound) { index, chunk throws(ClientError) in
                    try await keep(index, chunk)
                    next = index + 1
                }
            } catch {
                if next > before { backoff.progressed() }
                try await remote.pause(&backoff, after: error)
            }
        }
    }

    private func fetchOnce(
        _ indices: Range<Int>, _ keep: (Int, ByteBuffer) async throws(ClientError) -> Void
    ) async throws(Setback) {
        do {
            let response = try await remote.http.execute(request(for: indices), deadline: .distantFuture)
            guard response.status == .partialContent else { throw try await refusal(response) }
            var assembler = ChunkAssembler(manifest, from: indices.lowerBound)
            for try await part in response.body {
                var rest = part
                while rest.readableBytes > 0 {
                    let index = assembler.index
                    guard let chunk = try assembler.take(from: &rest) else { continue }
                    try await keep(index, chunk)
                }
            }
            guard assembler.index == indices.upperBound else { throw Setback.passing(Self.short, wait: nil) }
        } catch let error as ClientError {
            throw error.isWrongBytes ? .passing(error, wait: nil) : .final(error)
        } catch {
            throw Remote.setback(error)
        }
    }

    private static let short = ClientError.unavailable(cause: "the connection broke off")

    private func request(for indices: Range<Int>) -> HTTPClientRequest {
        let last = indices.upperBound - 1
        let end = manifest.offset(of: last) + Int64(manifest.entries[last].length)
        let range = "bytes=\(manifest.offset(of: indices.lowerBound))-\(end - 1)"
        var request = remote.request("/v1/files/\(id)")
        request.headers.add(name: HTTPField.Name.range.rawName, value: range)
        request.headers.add(name: HTTPField.Name.ifRange.rawName, value: "\"\(manifest.contentID)\"")
        return request
    }

    /// What an answer other than the range means; a whole file instead of a part is another file.
    private func refusal(_ response: HTTPClientResponse) async throws -> Setback {
        guard response.status != .ok else { return .final(.wrongBytes("the server has another file there now")) }
        let body = try await response.body.collect(upTo: Remote.answerLimit)
        let answer = Answer(status: Int(response.status.code), headers: response.headers, body: body)
        do {
            _ = try answer.successful()
            return .final(.notUnderstood("it answers a range with status \(answer.status)"))
        } catch {
            return error
        }
    }
}

extension ClientError {
    fileprivate var isWrongBytes: Bool {
        guard case .wrongBytes = self else { return false }
        return true
    }
}
