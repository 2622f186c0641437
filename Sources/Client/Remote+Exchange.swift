import AsyncHTTPClient
import CairnDialects
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOSSL

extension Remote {
    /// The longest answer that is read as one, in bytes: a manifest of 2^20 entries has 36 MiB.
    static let answerLimit = 40 << 20

    /// Asks once.
    func exchange(_ request: HTTPClientRequest, within time: Duration? = nil) async throws(Setback) -> Answer {
        do {
            let deadline = time.map { NIODeadline.now() + .nanoseconds(Int64($0 / .nanoseconds(1))) }
            let response = try await http.execute(request, deadline: deadline ?? .distantFuture)
            let body = try await response.body.collect(upTo: Self.answerLimit)
            return Answer(status: Int(response.status.code), headers: response.headers, body: body)
        } catch {
            throw Self.setback(error)
        }
    }

    /// Asks a question that changes nothing when asked twice, until there is an answer.
    func ask(_ method: HTTPMethod, _ path: String, accept: String = Self.json) async throws(ClientError) -> Answer {
        var request = self.request(path)
        request.method = method
        request.headers.add(name: HTTPField.Name.accept.rawName, value: accept)
        let final = request
        var backoff = Backoff(policy)
        return try await retrying(&backoff) { () async throws(Setback) in
            try await exchange(final, within: policy.stall).successful()
        }
    }

    static let json = "application/json, application/problem+json"

    /// Does `work` until it succeeds, fails for good, or has failed too often.
    func retrying<Result>(
        _ backoff: inout Backoff, _ work: () async throws(Setback) -> Result
    ) async throws(ClientError) -> Result {
        while true {
            do {
                return try await work()
            } catch {
                try await pause(&backoff, after: error)
            }
        }
    }

    /// Waits before the next try, or throws what the last one ended with.
    func pause(_ backoff: inout Backoff, after setback: Setback) async throws(ClientError) {
        switch setback {
        case .final(let error): throw error
        case .passing(let error, let wait):
            var generator = SystemRandomNumberGenerator()
            guard let pause = backoff.pause(asked: wait, using: &generator) else { throw error }
            report(.retrying(after: pause, cause: error))
            do { try await Task.sleep(for: pause) } catch { throw .cancelled }
        }
    }
}

extension Remote {
    /// What a failed exchange means.
    static func setback(_ error: any Error) -> Setback {
        switch error {
        case let error as ClientError: .final(error)
        case let error as Setback: error
        case is CancellationError: .final(.cancelled)
        case is NIOSSLExtraError: .final(.notTrusted("its certificate is for another name"))
        case let error as NIOSSLError where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"):
            .final(.notTrusted("its certificate does not come from an authority that is trusted, or has expired"))
        case is NIOTooManyBytesError: .final(.notUnderstood("its answer is too long"))
        case let error as HTTPClientError where wrongRequests.contains(error):
            .final(.notUnderstood(error.shortDescription))
        default: .passing(.unavailable(cause: error.reason), wait: nil)
        }
    }

    /// These come from the address and not from the network.
    private static let wrongRequests: [HTTPClientError] = [.invalidURL, .emptyHost, .emptyScheme]
}
