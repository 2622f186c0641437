import CairnContent
import NIOCore
import Synchronization

/// A local file as a source of chunks; its holes are not read.
final class FileChunks: ChunkSource {
    private let file: LocalFile
    private let chunkSize: ChunkSize
    private let data: DataExtents?
    private let next: Mutex<Int>

    /// - Parameter first: The index of the first chunk to hand out.
    init(_ file: LocalFile, chunkSize: ChunkSize, from first: Int = 0) async throws(ClientError) {
        self.file = file
        self.chunkSize = chunkSize
        data = try await file.dataExtents()
        next = Mutex(first)
    }

    var name: String { file.path }
    var isRepeatable: Bool { true }
    var length: Int64? { file.length }

    func next() async throws(ClientError) -> Piece? {
        let index = next.withLock { next in
            defer { next += 1 }
            return next
        }
        let start = Int64(index) * Int64(chunkSize.length)
        guard start < file.length else { return nil }
        let length = Int(min(Int64(chunkSize.length), file.length - start))
        if let data, !data.overlap(start..<start + Int64(length)) { return Piece(index: index, content: .hole(length)) }
        return Piece(index: index, content: .bytes(try await file.read(at: start, upTo: length)))
    }

    func bytes(of index: Int, _ entry: Entry) async throws(ClientError) -> ByteBuffer {
        try await file.read(at: Int64(index) * Int64(chunkSize.length), upTo: entry.length)
    }

    func confirm() async throws(ClientError) { try await file.confirm() }
}
