import NIOCore
import NIOHTTP1
import NIOPosix

/// An HTTP server on a real socket that does what a script says: answers, cuts, or keeps silent.
package struct ScriptedServer: Sendable {
    /// `http://127.0.0.1:<port>`.
    package let address: String

    /// Runs a server on a free port while `body` runs.
    package static func running<Result: Sendable>(
        _ script: some Script, _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // Small, so that a body that is not read soon fills what lies between.
            .childChannelOption(.socketOption(.so_rcvbuf), value: 65_536)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ScriptedConnection(script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body(ScriptedServer(address: "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"))
            try await channel.close()
            return result
        } catch {
            try? await channel.close()  // the error of `body` is the one that matters
            throw error
        }
    }
}

/// One connection; requests on it follow one another.
private final class ScriptedConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let script: any Script
    private var request: ScriptedRequest?
    private var limit: Int?

    init(_ script: any Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let part):
            request?.body += part.readableBytesView
            endIfFull(context)
        case .end: end(isWhole: true, context)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let fields = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
        let request = ScriptedRequest(method: head.method.rawValue, target: head.uri, fields: fields)
        limit = script.limit(for: request)
        self.request = request
        endIfFull(context)
    }

    private func endIfFull(_ context: ChannelHandlerContext) {
        guard let limit, let length = request?.body.count, length >= limit else { return }
        request?.body.removeLast(length - limit)
        end(isWhole: false, context)
    }

    private func end(isWhole: Bool, _ context: ChannelHandlerContext) {
        guard let request else { return }
        self.request = nil
        switch script.act(on: request, isWhole: isWhole) {
        case .answer(let answer): write(answer, request, answer.body.count, context, closing: !isWhole)
        case .part(let answer, let length): write(answer, request, length, context, closing: true)
        case .close: context.close(promise: nil)
        case .silence: _ = context.channel.setOption(.autoRead, value: false)
        }
    }

    private func write(
        _ answer: ScriptedAnswer, _ request: ScriptedRequest, _ length: Int, _ context: ChannelHandlerContext,
        closing: Bool
    ) {
        var headers = HTTPHeaders(answer.fields.map { ($0.key, $0.value) })
        headers.replaceOrAdd(name: "Content-Length", value: "\(answer.body.count)")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != "HEAD" {
            let body = ByteBuffer(bytes: answer.body.prefix(length))
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        guard closing else { return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil) }
        context.flush()
        context.close(promise: nil)
    }
}
