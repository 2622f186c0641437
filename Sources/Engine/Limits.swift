/// The bounds of everything that could grow. All are inclusive.
public struct Limits: Hashable, Sendable {
    /// The longest file, in bytes. Structured field integers end here too (RFC 9651, section 3.3.1).
    public var length: Int64 = 999_999_999_999_999

    /// The most entries of one manifest: 2^20, so a manifest is at most 36 MiB (spec/manifest.md, "Limits").
    public var entries = 1 << 20

    /// Bytes of finished chunks that one request may hold before they are durable.
    ///
    /// While one batch of this many is being made durable the next is received, so a request has at most twice
    /// this much on the way (spec/durability.md, "What a kill can cost").
    public var batchLength = 16 * 1024 * 1024

    /// The most finished chunks in such a batch: each holds a file open until it is durable.
    public var batchCount = 64

    /// How often a request that still receives makes durable what it holds.
    public var checkpoint: Duration = .seconds(2)

    /// How long a request may take to deliver `stallLength` bytes before it is cut; what it brought is kept.
    public var stall: Duration = .seconds(60)

    /// The fewest bytes in `stall`: a client slower than 68 bytes a second holds a connection, and a place on the disk,
    /// for nothing.
    public var stallLength = 4096

    /// How long an open upload stays without a byte before it expires.
    public var idle: Duration = .seconds(7 * 24 * 3600)

    /// How long what was reclaimed stays aside before its bytes are gone for good; zero is at once.
    public var trash: Duration = .seconds(24 * 3600)

    /// How long it is remembered that an upload was here and has ended, so that its client hears so.
    public var remembrance: Duration = .seconds(30 * 24 * 3600)

    /// The most entries named in one request, and spoken of in one answer.
    public var segmentCount = 8192

    /// The longest body of frames, in bytes.
    public var framesLength: Int64 = 64 * 1024 * 1024

    /// Bytes of file name and media type together.
    public var metadataLength = 8 * 1024

    /// The most uploads that one is made of.
    public var parts = 1000

    /// The limits a server has unless told otherwise.
    public init() {}

    /// Which limit a refusal speaks of, in the words of the wire.
    public enum Name: String, Sendable {
        case length, entries, frames
        case metadataLength = "metadata-length"
        case parts
    }
}
