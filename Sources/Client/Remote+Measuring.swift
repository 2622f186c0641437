import AsyncHTTPClient
import CairnContent
import CairnDialects
package import CairnEngine
import HTTPTypes
package import NIOCore
import NIOHTTP1

// What `cairn bench` asks of a server (spec/command.md, "Measuring").
extension Remote {
    /// How long a question takes that needs nothing but an answer, in `count` tries one after the other, the shortest
    /// first. The connection is there before.
    package func roundTrips(_ count: Int) async throws(ClientError) -> [Duration] {
        _ = try await ask(.GET, "/v1")
        var times: [Duration] = []
        for _ in 0..<count {
            let start = ContinuousClock.now
            do { _ = try await exchange(request("/v1"), within: policy.stall).successful() } catch {
                switch error {
                case .final(let error), .passing(let error, _): throw error
                }
            }
            times.append(ContinuousClock.now - start)
        }
        return times.sorted()
    }

    /// The same as `put(stream:metadata:)`, under a key that the caller knows.
    package func put(
        stream input: @escaping @Sendable () async throws(ClientError) -> ByteBuffer, metadata: Metadata, key: FileKey
    ) async throws(ClientError) -> Receipt {
        try await StreamPut(remote: self, metadata: metadata, key: key, input: input).run()
    }

    /// Sends `length` bytes that the server receives and digests, and then has to drop: they are announced under a
    /// digest that they do not have. Nothing of them is kept.
    ///
    /// - Parameter part: Some bytes, sent again and again.
    /// - Returns: How long that took; nil when the server answered anything else.
    package func drop(_ length: Int64, of part: ByteBuffer) async throws(ClientError) -> Duration? {
        var request = self.request("/files/cairn-bench")
        request.method = .PUT
        let digest = Digest(hashing: [UInt8]().span)
        request.headers.add(name: "Content-Digest", value: ContentDigestField(digest).description)
        let parts = length / Int64(part.readableBytes)
        request.body = .stream(
            RepeatedBody(part: part, count: Int(parts)), length: .known(parts * Int64(part.readableBytes)))
        let start = ContinuousClock.now
        do {
            let answer = try await exchange(request)
            return answer.refusal.problem == "digest-mismatch" ? ContinuousClock.now - start : nil
        } catch {
            if case .final(.cancelled) = error { throw .cancelled }
            return nil
        }
    }
}

private struct RepeatedBody: AsyncSequence, Sendable {
    let part: ByteBuffer
    let count: Int

    func makeAsyncIterator() -> Iterator { Iterator(part: part, left: count) }

    struct Iterator: AsyncIteratorProtocol {
        let part: ByteBuffer
        var left: Int

        mutating func next() async -> ByteBuffer? {
            guard left > 0 else { return nil }
            left -= 1
            return part
        }
    }
}
