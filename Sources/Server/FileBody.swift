import CairnDialects
import CairnEngine
import Hummingbird
import NIOCore
import Synchronization

/// The bytes of an answer, some of them a file's: each chunk is verified before any of it is sent.
final class FileBody: Sendable {
    private let engine: Engine
    private let upload: Upload
    private let parts: [Answer.Part]
    /// The file's first bytes, read before the answer begins; let go of once they are sent.
    private let opening: Mutex<Verified?>

    /// Bytes that are verified, and the reader of those that follow.
    private typealias Verified = (bytes: ByteBuffer?, rest: FileBytes.Iterator)

    /// Reads the first chunk at once, so that damage there is an answer and not a broken one.
    init(_ parts: [Answer.Part], of upload: Upload, _ engine: Engine) async throws(StoreError) {
        self.engine = engine
        self.upload = upload
        self.parts = parts
        var first: Verified?
        for case .file(let range) in parts.prefix(2) where first == nil {
            first = try await Self.next(engine.bytes(range, of: upload).makeAsyncIterator())
        }
        opening = Mutex(first)
    }

    /// Writes all of it. An error after the first byte breaks the body off: the client sees that it is short.
    func write(to writer: inout any ResponseBodyWriter, _ meter: Meter, _ presence: Presence?) async throws {
        for part in parts {
            switch part {
            case .bytes(let bytes): try await Self.write(ByteBuffer(bytes: bytes), to: &writer, meter)
            case .file(let range):
                var verified: Verified
                if let first = opening.withLock({ $0.take() }) {
                    verified = first
                } else {
                    verified = try await Self.next(engine.bytes(range, of: upload).makeAsyncIterator())
                }
                while let bytes = verified.bytes {
                    if let presence, presence.isCut { throw Revoked() }
                    let rest = verified.rest
                    async let following = Self.next(rest)
                    try await Self.write(bytes, to: &writer, meter)
                    verified = try await following
                }
            }
        }
    }

    private static func next(_ reader: FileBytes.Iterator) async throws(StoreError) -> Verified {
        var reader = reader
        return (try await reader.next(), reader)
    }

    private static func write(
        _ bytes: ByteBuffer, to writer: inout any ResponseBodyWriter, _ meter: Meter
    ) async throws {
        try await writer.write(bytes)
        meter.add(bytes.readableBytes)
    }
}
