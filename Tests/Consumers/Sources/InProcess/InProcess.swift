import CairnContent
import CairnDisk
import CairnEngine
import Logging
import NIOCore

/// The engine without a server: stores bytes and reads them back.
///
///     InProcess DATA LENGTH
@main struct InProcess {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 2, let length = Int(arguments[2]), length > 0 else {
            return print("usage: InProcess DATA LENGTH")
        }
        let logger = Logger(label: "in-process")
        let data = try await DataDirectory.open(arguments[1], logger: logger)
        let ledger = try await data.openLedger(logger: logger)
        let engine = try await data.engine(over: ledger)

        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let id = try await store(bytes, in: engine)
        let file = try await engine.upload(id, for: me)
        let read = try await read(file, from: engine)
        print("\(file.offset) bytes, content id \(file.contentID?.description ?? "none")")
        print(read == bytes && Digest(hashing: read.span) == Digest(hashing: bytes.span) ? "the same" : "not the same")

        await ledger.close()
        await data.close()
    }

    /// The owner of everything here: nobody else comes.
    static let me = Principal("me")

    /// Begins an upload, brings the bytes in parts as they might come from anywhere, and returns the file's id.
    static func store(_ bytes: [UInt8], in engine: Engine) async throws -> UploadID {
        let upload = try await engine.begin(
            Metadata(name: "numbers.bin"), declaredLength: Int64(bytes.count), by: me)
        let (body, parts) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            parts.yield(ByteBuffer(bytes: bytes[start..<min(start + 1 << 20, bytes.count)]))
        }
        parts.finish()
        let file = try await engine.append(Append(at: 0), body: body, to: upload.id, for: me)
        precondition(file.state == .complete, "the declared length is here")
        return file.id
    }

    /// All bytes of a file; each chunk is verified before any of it is handed out.
    static func read(_ file: Upload, from engine: Engine) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in engine.bytes(0..<file.offset, of: file) {
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }
}
