import CairnContent
import NIOCore
import _NIOFileSystem

/// A download on its way: `FILE.<content id>.part` beside the file it will be, with holes where chunks are lacking.
///
/// Of the content id the name has eight digits: two files on their way to one place never share bytes. A link of that
/// name, which somebody else may have put there, is not followed.
struct PartialFile: Sendable {
    private let path: String
    private let partPath: String
    private let handle: ReadWriteFileHandle

    static func partPath(_ path: String, _ contentID: Digest) -> String {
        "\(path).\(contentID.description.prefix(8)).part"
    }

    /// Opens the download that will be `path`, or goes on with what an earlier run left, while `body` runs.
    static func opened<Result>(
        for path: String, _ contentID: Digest, _ body: (PartialFile) async throws(ClientError) -> Result
    ) async throws(ClientError) -> Result {
        let file = try await open(for: path, partPath(path, contentID))
        do {
            let result = try await body(file)
            await file.handle.closeAnyway()
            return result
        } catch {
            await file.handle.closeAnyway()
            throw error
        }
    }

    private static func open(for path: String, _ partPath: String) async throws(ClientError) -> PartialFile {
        do {
            var options = OpenOptions.Write.modifyFile(createIfNecessary: true)
            options.followSymbolicLinks = false
            let handle = try await FileSystem.shared.openFile(
                forReadingAndWritingAt: FilePath(partPath), options: options)
            return PartialFile(path: path, partPath: partPath, handle: handle)
        } catch {
            throw .failedIO(path: partPath, reason: error.reason)
        }
    }

    /// The chunks, by index, that are not there yet: as runs, in order.
    func missing(of manifest: Manifest) async throws(ClientError) -> [Range<Int>] {
        var missing: [Range<Int>] = []
        for (index, entry) in manifest.entries.enumerated() {
            let bytes = try await read(at: manifest.offset(of: index), length: entry.length)
            if Digest(hashing: bytes.readableBytesUInt8Span) == entry.digest { continue }
            if missing.last?.upperBound == index {
                missing[missing.count - 1] = missing[missing.count - 1].lowerBound..<index + 1
            } else {
                missing.append(index..<index + 1)
            }
        }
        return missing
    }

    /// Up to `length` bytes at `offset`, fewer where the file ends.
    private func read(at offset: Int64, length: Int) async throws(ClientError) -> ByteBuffer {
        do {
            return try await handle.readChunk(fromAbsoluteOffset: offset, length: .bytes(Int64(length)))
        } catch {
            throw .failedIO(path: partPath, reason: error.reason)
        }
    }

    func write(_ bytes: ByteBuffer, at offset: Int64) async throws(ClientError) {
        do {
            try await handle.write(contentsOf: bytes.readableBytesView, toAbsoluteOffset: offset)
        } catch {
            throw .failedIO(path: partPath, reason: error.reason)
        }
    }

    /// Gives the file its name; when this returns, name and bytes are durable.
    ///
    /// - Parameter replacing: Whether a file of that name goes first. A crash between leaves the whole download under
    ///   its name with `.part`.
    func finish(length: Int64, replacing: Bool) async throws(ClientError) {
        do {
            try await handle.resize(to: .bytes(length))
            try await handle.synchronize()
            if replacing { try await FileSystem.shared.removeItem(at: FilePath(path)) }
            try await FileSystem.shared.moveItem(at: FilePath(partPath), to: FilePath(path))
            try await synchronizeFolder()
        } catch {
            throw .failedIO(path: path, reason: error.reason)
        }
    }

    private func synchronizeFolder() async throws {
        let folder = FilePath(path).removingLastComponent()
        try await FileSystem.shared.withDirectoryHandle(atPath: folder.isEmpty ? "." : folder) { handle in
            try await handle.synchronize()
        }
    }
}
