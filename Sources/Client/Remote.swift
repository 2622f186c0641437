import AsyncHTTPClient
import CairnContent
import NIOCore
import NIOHTTP1
import NIOSSL

/// One server, and how to talk to it: the connections, and how patient to be.
public struct Remote: Sendable {
    /// Where it is.
    public let server: ServerAddress
    let policy: RetryPolicy
    /// How many connections send one upload; as many as help when nil.
    let connections: Int?
    let http: HTTPClient
    /// What shows the server who asks; nothing when nil.
    let token: String?
    /// Where digests are kept from run to run; nowhere when nil.
    let cache: DigestCache?
    /// What the server said it can do.
    let known = Watched<Capabilities?>(nil)
    /// How many bytes of files may still be held in memory.
    let room = Watched(Remote.memoryLimit)
    /// What a caller shows to its user while it goes on.
    let report: @Sendable (TransferEvent) -> Void

    /// Calls `body` with connections to `server`, and closes them after it.
    ///
    /// - Parameters:
    ///   - connections: How many send the chunks of one upload, 1 to 64; as many as are seen to help when nil.
    ///   - token: Shows the server who asks; sent with each request.
    ///   - authorities: A file of certificates in PEM whose owners may vouch for the server, instead of the system's.
    ///   - report: Told what goes on, from any thread; it should return quickly.
    public static func connected<Result: Sendable>(
        to server: ServerAddress, token: String? = nil, policy: RetryPolicy = RetryPolicy(),
        connections: Int? = nil, cache: DigestCache? = nil, authorities: String? = nil,
        report: @escaping @Sendable (TransferEvent) -> Void = { _ in },
        _ body: @Sendable (Remote) async throws(ClientError) -> Result
    ) async throws(ClientError) -> Result {
        var configuration = configuration(policy)
        configuration.tlsConfiguration = try authorities.map(trusting)
        let http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
        let remote = Remote(
            server: server, policy: policy, connections: connections, http: http, token: token, cache: cache,
            report: report)
        do {
            let result = try await body(remote)
            try? await http.shutdown()  // whatever it could not close, the process's end will
            return result
        } catch {
            try? await http.shutdown()  // the error of `body` is the one that matters
            throw error
        }
    }

    private static func trusting(_ path: String) throws(ClientError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        do {
            let authorities = try NIOSSLCertificate.fromPEMFile(path)
            guard !authorities.isEmpty else { throw ClientError.noInput(path: path, reason: "no certificate in PEM") }
            configuration.trustRoots = .certificates(authorities)
        } catch let error as ClientError {
            throw error
        } catch {
            throw .noInput(path: path, reason: "not readable as certificates in PEM")
        }
        return configuration
    }

    /// A request for `path`, which begins with a slash and is percent-encoded.
    func request(_ path: String) -> HTTPClientRequest {
        var request = server.request(path)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return request
    }

    private static func configuration(_ policy: RetryPolicy) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        // Over HTTP/2 an upload falls to one flow-control window a round trip behind untuned proxies.
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        // For bodies that nobody watches; who watches one says better what happened.
        configuration.timeout.write = .nanoseconds(Int64(1.5 * (policy.stall / .nanoseconds(1))))
        configuration.timeout.read = .nanoseconds(Int64(policy.stall / .nanoseconds(1)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionLimit
        // Our own pauses are the ones that know when to stop.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = { channel in
            // Between the two marks the next parts are read and hashed while the last ones leave.
            let marks = ChannelOptions.Types.WriteBufferWaterMark(low: Self.partLength, high: 3 * Self.partLength)
            return channel.setOption(.writeBufferWaterMark, value: marks).flatMap {
                channel.setOption(.recvAllocator, value: receiving)
            }
        }
        return configuration
    }

    /// As many as may have something to say at a time.
    private static let connectionLimit = 64

    /// Small for answers, large for downloads.
    private static let receiving = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 16_384, maximum: partLength)

    /// The length of the parts that files are read and sent in, in bytes.
    static let partLength = 1 << 20
}
