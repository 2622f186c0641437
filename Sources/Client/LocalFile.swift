import CairnContent
import FoundationEssentials
import NIOCore
import NIOPosix
import _NIOFileSystem

/// A regular file that is open for reading, and what it was like when it was opened.
struct LocalFile: Sendable {
    let path: String
    let stamp: FileStamp
    private let handle: ReadFileHandle

    /// Opens the file at `path` while `body` runs.
    static func opened<Result>(
        _ path: String, _ body: (LocalFile) async throws(ClientError) -> Result
    ) async throws(ClientError) -> Result {
        let file = try await open(path)
        do {
            let result = try await body(file)
            try? await file.handle.close()  // it was only read, so nothing can be lost
            return result
        } catch {
            try? await file.handle.close()  // the first error is the one that matters
            throw error
        }
    }

    private static func open(_ path: String) async throws(ClientError) -> LocalFile {
        do {
            // A pipe or a device would block in `open`, so look first.
            guard let stamp = try await FileStamp(of: path) else {
                throw ClientError.noInput(path: path, reason: "not a regular file; pipe it into `-`")
            }
            let handle = try await FileSystem.shared.openFile(forReadingAt: FilePath(path))
            return LocalFile(path: path, stamp: stamp, handle: handle)
        } catch let error as ClientError {
            throw error
        } catch {
            throw .noInput(path: path, reason: error.reason)
        }
    }

    /// The length when it was opened, in bytes.
    var length: Int64 { stamp.length }

    /// Up to `limit` bytes from `offset`; fewer only at the end, and none only behind it.
    func read(at offset: Int64, upTo limit: Int) async throws(ClientError) -> ByteBuffer {
        let expected = Int(min(Int64(limit), length - offset))
        guard expected > 0 else { return ByteBuffer() }
        let part: ByteBuffer
        do {
            part = try await handle.readChunk(fromAbsoluteOffset: offset, length: .bytes(Int64(expected)))
        } catch {
            throw .failedIO(path: path, reason: error.reason)
        }
        guard part.readableBytes == expected else { throw .changed(path: path) }
        return part
    }

    /// Whether the file is the one that `manifest` names.
    func holds(_ manifest: Manifest) async throws(ClientError) -> Bool {
        guard manifest.length == length else { return false }
        for (index, entry) in manifest.entries.enumerated() {
            let chunk = try await read(at: manifest.offset(of: index), upTo: entry.length)
            guard Digest(hashing: chunk.readableBytesUInt8Span) == entry.digest else { return false }
        }
        return true
    }

    /// Throws unless the file is as it was, and still the one at its path.
    func confirm() async throws(ClientError) {
        // A file that can no longer be looked at is not what it was.
        guard let now = try? await FileStamp(of: path), now == stamp else { throw .changed(path: path) }
    }
}

/// What tells one state of a file from another without reading it.
struct FileStamp: Hashable, Sendable {
    /// In bytes.
    let length: Int64
    private let seconds: Int
    private let nanoseconds: Int
    private let inode: Int?

    /// The state of the regular file at `path`, or nil when something else is there.
    init?(of path: String) async throws {
        guard let info = try await FileSystem.shared.info(forFileAt: FilePath(path)) else {
            throw Errno.noSuchFileOrDirectory
        }
        guard info.type == .regular else { return nil }
        length = info.size
        seconds = info.lastDataModificationTime.seconds
        nanoseconds = info.lastDataModificationTime.nanoseconds
        inode = try await NIOThreadPool.singleton.runIfActive {
            try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        }
    }

    /// When the file was last written to, in milliseconds since 1970.
    var modified: Int64 { Int64(seconds) * 1000 + Int64(nanoseconds / 1_000_000) }
}
