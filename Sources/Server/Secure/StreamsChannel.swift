import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypes

/// A connection of HTTP/2: each of its streams is a connection of one request, with the rules of `UploadChannel` that
/// are not about the socket.
///
/// A stream's handlers, in order from the connection: `StreamEnd`, the codec, `SendDeadline`, `FramingGuard`,
/// `ExpectContinue`, `SidelineHandler`, `HTTPCodec`, `BodyJoiner`.
struct StreamsChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let streams: NIOHTTP2Handler.AsyncStreamMultiplexer<UploadChannel.Value>
        let channel: any Channel
    }

    let base: UploadChannel
    /// How many streams there may be at once, of all connections together.
    let slots: Slots

    private var settings: ChannelSettings { base.settings }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try base.setOptions(of: channel)
            let keeper = StreamKeeper(idle: settings.idleTimeout)
            let streams = try channel.pipeline.syncOperations.configureAsyncHTTP2Pipeline(
                mode: .server, streamDelegate: StreamCount(keeper, channel.eventLoop), configuration: configuration
            ) { stream in
                setUp(stream, logger)
            }
            try channel.pipeline.syncOperations.addHandler(keeper)
            return Value(streams: streams, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            try await withThrowingDiscardingTaskGroup { group in
                for try await stream in value.streams.inbound {
                    group.addTask { await base.handle(value: stream, logger: logger) }
                }
            }
        } catch {
            logger.debug("connection of streams broke off", metadata: ["cause": "\(error)"])
        }
    }

    private func setUp(_ stream: any Channel, _ logger: Logger) -> EventLoopFuture<UploadChannel.Value> {
        stream.eventLoop.makeCompletedFuture {
            guard let slot = slots.take() else { throw NoRoom() }
            let handlers: [any ChannelHandler] = [
                StreamEnd(slot), HTTP2FramePayloadToHTTP1ServerCodec(), SendDeadline(patience: settings.sendTimeout),
            ]
            try stream.pipeline.syncOperations.addHandlers(handlers + base.messageHandlers(logger))
            return try base.wrapped(stream)
        }
    }

    /// Windows are what a client may send before it is read: large ones make uploads fast, and all of it may have to
    /// be held.
    private var configuration: NIOHTTP2Handler.Configuration {
        var configuration = NIOHTTP2Handler.Configuration()
        configuration.connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: settings.streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: settings.headerLength),
            HTTP2Setting(parameter: .initialWindowSize, value: settings.streamWindow),
        ]
        configuration.connection.targetWindowSize = settings.connectionWindow
        configuration.stream.targetWindowSize = settings.streamWindow
        return configuration
    }

    /// All streams are taken; the client sees a reset.
    private struct NoRoom: Error {}
}
