import CairnContent
import FoundationEssentials
import Glibc
import NIOCore
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
            await file.handle.closeAnyway()
            return result
        } catch {
            await file.handle.closeAnyway()
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
            let isSettled = stamp.rest(at: Date.now.timeIntervalSince1970) >= .seconds(2)
            return LocalFile(path: path, stamp: stamp, handle: handle, isSettled: isSettled)
        } catch let error as ClientError {
            throw error
        } catch {
            throw .noInput(path: path, reason: error.reason)
        }
    }

    /// The length when it was opened, in bytes.
    var length: Int64 { stamp.length }

    /// Whether it was left alone for a while before it was opened, so that a later change has another time.
    let isSettled: Bool

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

    /// `SEEK_DATA` and `SEEK_HOLE`, which Swift's view of the C library lacks.
    private static let (seekData, seekHole): (CInt, CInt) = (3, 4)

    /// Where the file has bytes; nil when it has no holes, or too many to keep in mind.
    func dataExtents() async throws(ClientError) -> DataExtents? {
        guard stamp.isSparse else { return nil }
        let length = length
        do {
            return try await handle.withUnsafeDescriptor { descriptor in
                var extents = DataExtents()
                var offset: Int64 = 0
                while offset < length {
                    let start = Int64(lseek(descriptor.rawValue, Int(offset), Self.seekData))
                    guard start >= 0 else { return errno == ENXIO ? extents : nil }
                    let end = Int64(lseek(descriptor.rawValue, Int(start), Self.seekHole))
                    guard end > start, extents.count < DataExtents.countLimit else { return nil }
                    extents.append(start..<end)
                    offset = end
                }
                return extents
            }
        } catch {
            throw .failedIO(path: path, reason: error.reason)
        }
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
        guard let now = try? await FileStamp(of: path), now.isSameState(as: stamp) else { throw .changed(path: path) }
    }
}
