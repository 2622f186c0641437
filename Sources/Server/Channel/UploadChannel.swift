public import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes

/// A connection fit for uploads: large reads, no body before it is wanted, refusals that arrive.
///
/// In order from the socket: HTTP/1 codec, one request at a time, `HeadDeadline`, `SendDeadline`, `LingeringClose`,
/// `FramingGuard`, `ExpectContinue`, `SidelineHandler`, `HTTPCodec`, `BodyJoiner`.
package struct UploadChannel: ServerChildChannel, HTTPChannelHandler {
    package typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    package let responder: HTTPChannelHandler.Responder
    package let settings: ChannelSettings
    private let budget: ReceiveBudget
    /// Whether TLS is below.
    private let isSecure: Bool

    package init(responder: @escaping HTTPChannelHandler.Responder, settings: ChannelSettings = ChannelSettings()) {
        self.init(responder: responder, settings: settings, isSecure: false)
    }

    init(responder: @escaping HTTPChannelHandler.Responder, settings: ChannelSettings, isSecure: Bool) {
        self.responder = { request, writer, channel in
            try await responder(request.continuing(on: channel), writer, channel)
        }
        self.settings = settings
        self.isSecure = isSecure
        budget = ReceiveBudget(total: settings.receiveTotal, bounds: settings.receiveLength)
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try setOptions(of: channel)
            try channel.pipeline.syncOperations.addHandlers(connectionHandlers(logger) + messageHandlers(logger))
            return try wrapped(channel)
        }
    }

    /// Those of the socket.
    func setOptions(of channel: any Channel) throws {
        guard let options = channel.syncOptions else { throw ChannelError.operationUnsupported }
        try options.setOption(.recvAllocator, value: SharedReceiveAllocator(budget))
        try options.setOption(.maxMessagesPerRead, value: 1)
        if case .unixDomainSocket? = channel.localAddress { return }
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
    }

    /// One part waits while one is worked on; back-pressure counts parts, and a part may be as long as a read.
    func wrapped(_ channel: any Channel) throws -> Value {
        try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(
                backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1), isOutboundHalfClosureEnabled: true))
    }

    package func handle(value: Value, logger: Logger) async {
        await Sideline.$current.withValue(Sideline(channel: value.channel)) {
            await handleHTTP(asyncChannel: value, logger: logger)
        }
    }

    private func connectionHandlers(_ logger: Logger) -> [any ChannelHandler] {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = settings.headerLength
        limits.maxHeaderListSize = settings.headerLength
        limits.maxHeaderFieldCount = 1000
        return [
            HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)),
            HTTPServerPipelineHandler(),
            HeadDeadline(first: settings.headTimeout, later: settings.idleTimeout),
            SendDeadline(patience: settings.sendTimeout),
            LingeringClose(drainLength: settings.drainLength, timeout: settings.drainTimeout),
        ]
    }

    /// Those that know requests, whatever carries them.
    func messageHandlers(_ logger: Logger) -> [any ChannelHandler] {
        [
            FramingGuard(headerLength: settings.headerLength, logger: logger),
            ExpectContinue(),
            SidelineHandler(),
            HTTPCodec(isSecure: isSecure),
            BodyJoiner(budget),
        ]
    }
}

extension HTTPServerBuilder {
    /// Connections fit for uploads, for an application of one's own.
    public static func uploads(settings: ChannelSettings = ChannelSettings()) -> HTTPServerBuilder {
        HTTPServerBuilder { UploadChannel(responder: $0, settings: settings) }
    }
}
