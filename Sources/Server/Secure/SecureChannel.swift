public import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP2
import NIOSSL

/// A connection of TLS, over which HTTP/2 or HTTP/1.1 is spoken, as the client asks by ALPN (RFC 7301).
///
/// In order from the socket: TLS with the certificate of the moment, `HandshakeDeadline`, then the handlers of
/// `UploadChannel` or `StreamsChannel`.
struct SecureChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<NIONegotiatedHTTPVersion<UploadChannel.Value, StreamsChannel.Value>>
        let channel: any Channel
    }

    let certificates: Certificates
    let single: UploadChannel
    let streams: StreamsChannel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        do {
            try channel.pipeline.syncOperations.addHandlers(
                [
                    NIOSSLServerHandler(context: certificates.context),
                    HandshakeDeadline(single.settings.headTimeout),
                ] as [any ChannelHandler])
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return channel.configureHTTP2AsyncSecureUpgrade { channel in
            single.setup(channel: channel, logger: logger)
        } http2ConnectionInitializer: { channel in
            streams.setup(channel: channel, logger: logger)
        }.map { Value(negotiated: $0, channel: channel) }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.negotiated.get() {
            case .http1_1(let connection): await single.handle(value: connection, logger: logger)
            case .http2(let connection): await streams.handle(value: connection, logger: logger)
            }
        } catch {
            logger.debug("no handshake", metadata: ["cause": "\(error)"])
        }
    }
}

extension HTTPServerBuilder {
    /// Connections of TLS fit for uploads, by HTTP/2 and HTTP/1.1.
    ///
    /// - Parameter streams: The most streams of HTTP/2 at once, of all connections together.
    public static func uploads(
        settings: ChannelSettings = ChannelSettings(), certificates: Certificates, streams: Int = 4096
    ) -> HTTPServerBuilder {
        let slots = Slots(streams)
        return HTTPServerBuilder { responder in
            let base = UploadChannel(responder: responder, settings: settings, isSecure: true)
            return SecureChannel(
                certificates: certificates, single: base, streams: StreamsChannel(base: base, slots: slots))
        }
    }
}
