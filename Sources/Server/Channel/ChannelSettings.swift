/// What a connection may take and how long it may wait.
public struct ChannelSettings: Sendable {
    /// The longest header section, in bytes; longer ones are answered 431.
    public var headerLength = 80 * 1024

    /// How long a new connection may take to deliver its first head.
    public var headTimeout: Duration = .seconds(30)

    /// How long a connection is kept without a request after an answer.
    public var idleTimeout: Duration = .seconds(75)

    /// How long a client may take no byte of an answer.
    public var sendTimeout: Duration = .seconds(60)

    /// The least and the most a socket is read at once, in bytes.
    ///
    /// Large reads are what makes uploads fast; a connection's reads grow only while they come back full.
    public var receiveLength = 16 * 1024...1024 * 1024

    /// What all uploads together read at once, in bytes: with more than 16 of them each reads less.
    ///
    /// Of bodies, twice this much is in memory, and the allocator keeps as much again (spec/http.md, "Limits").
    public var receiveTotal = 16 * 1024 * 1024

    /// How much of a body nobody wants is read before the connection is closed, in bytes: a socket closed over unread
    /// bytes is reset, and the reset may overtake the answer.
    public var drainLength = 64 * 1024

    /// How long a client has to read an answer that came before its body ended.
    public var drainTimeout: Duration = .seconds(1)

    /// How many streams a connection of HTTP/2 may have at once.
    public var streams = 32

    /// What a client may send of one stream, and of all streams of a connection, before it is read, in bytes.
    public var streamWindow = 1024 * 1024
    /// The same of all streams of a connection together.
    public var connectionWindow = 4 * 1024 * 1024

    /// Those that a server has unless told otherwise.
    public init() {}
}
