#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
public import NIOCore
import NIOPosix

/// A connection that sends any bytes, well-formed or not, stops where it likes, and reads what comes back.
public struct RawConnection: Sendable {
    /// How long a test waits before it fails: far longer than anything takes.
    private static let patience: Duration = .seconds(120)

    private let channel: any Channel
    private let mailbox: Mailbox

    /// - Parameter prepare: Adds what stands between the socket and the bytes, such as TLS.
    public static func open(
        _ port: Int, _ prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws -> RawConnection {
        let mailbox = Mailbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel)
                    try channel.pipeline.syncOperations.addHandler(Collector(mailbox))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawConnection(channel: channel, mailbox: mailbox)
    }

    // MARK: Sending

    /// Returns when the bytes are on their way; an error here means that the other side is gone.
    public func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// The text, its lines ended by CR LF.
    public func send(_ text: String) async throws { try await send(Array(Self.crlf(text).utf8)) }

    /// Sends without waiting: to a server that may not read.
    public func push(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    /// Says that nothing more follows, and goes on reading.
    public func finish() async throws { try await channel.close(mode: .output) }

    /// Ends the connection in the usual way.
    public func close() async throws {
        do { try await channel.close() } catch ChannelError.alreadyClosed {}  // by the other side
    }

    /// Ends the connection so that the other side sees a reset.
    public func reset() async throws {
        guard let options = channel as? any SocketOptionProvider else { throw RawError.reset }
        try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }

    private static func crlf(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    }

    // MARK: Reading

    /// Stops taking bytes from the socket, or takes them again.
    public func setReading(_ isReading: Bool) async throws {
        try await channel.setOption(.autoRead, value: isReading).get()
    }

    /// The next answer, interim ones included.
    ///
    /// - Parameter toHead: Whether it answers HEAD, so that no body follows.
    public func read(toHead: Bool = false) async throws -> RawResponse {
        try await waiting {
            while true {
                let (bytes, end) = mailbox.contents
                var parser = ResponseParser(bytes, isComplete: end != nil)
                if let (response, length) = try parser.response(toHead: toHead) {
                    mailbox.drop(length)
                    return response
                }
                switch end {
                case .failure(let error): throw error
                case .success: throw RawError.ended(after: bytes.count)
                case nil: await mailbox.wait(forMoreThan: bytes.count)
                }
            }
        }
    }

    /// The next answer that is final.
    public func readFinal(toHead: Bool = false) async throws -> RawResponse {
        while true {
            let response = try await read(toHead: toHead)
            if !response.isInterim { return response }
        }
    }

    /// Everything until the other side closes.
    public func readToEnd() async throws -> [UInt8] {
        try await waiting {
            while true {
                let (bytes, end) = mailbox.contents
                switch end {
                case .failure(let error): throw error
                case .success: return bytes
                case nil: await mailbox.wait(forMoreThan: bytes.count)
                }
            }
        }
    }

    /// Returns when at least that many bytes have arrived and were not read.
    public func wait(for length: Int) async throws {
        try await waiting {
            while true {
                let (bytes, end) = mailbox.contents
                if bytes.count >= length || end != nil { return }
                await mailbox.wait(forMoreThan: bytes.count)
            }
        }
    }

    /// Whether anything has come that was not read.
    public var hasUnread: Bool { !mailbox.contents.bytes.isEmpty }

    /// A connection that says nothing fails the test instead of hanging it.
    private func waiting<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
        try await withoutActuallyEscaping(work) { work in
            let alarm = Task { [mailbox] in
                try await Task.sleep(for: Self.patience)
                mailbox.end(.failure(.silence))
            }
            defer { alarm.cancel() }
            return try await work()
        }
    }
}

extension RawConnection {
    /// Opens a connection, sends one request, reads its final answer, and closes.
    public static func ask(_ port: Int, _ request: String, body: [UInt8] = []) async throws -> RawResponse {
        let connection = try await open(port)
        try await connection.send(request)
        // A refusal may come, and the connection go, before the body was sent.
        if !body.isEmpty { connection.push(body) }
        let response = try await connection.readFinal(toHead: request.hasPrefix("HEAD "))
        try await connection.close()
        return response
    }
}
