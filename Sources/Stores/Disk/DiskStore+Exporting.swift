package import CairnContent
package import CairnEngine
import NIOCore

/// Finished files as plain files (spec/checking.md, "Commands").
extension DiskStore {
    /// Writes the bytes that `manifest` names to a file at `path`; when this returns it is there, whole, verified and
    /// durable.
    ///
    /// Chunks that lie here as they are share their blocks with it where the file system can do that. On the way the
    /// file is called `path` and `.part`; what stood there before is replaced.
    /// - Returns: How many bytes the kernel has shared or copied.
    package func export(_ manifest: Manifest, to path: String) async throws(StoreError) -> Int64 {
        try await threads.work.run { [self] () throws(StoreError) in
            let file: PlainFile
            do throws(FileSystemError) { file = try PlainFile(path) } catch { throw error.storeError }
            do throws(StoreError) {
                let shared = try write(manifest, to: file.file)
                do throws(FileSystemError) { try file.finish() } catch { throw error.storeError }
                return shared
            } catch {
                file.discard()
                throw error
            }
        }
    }

    private func write(_ manifest: Manifest, to file: POSIXFile) throws(StoreError) -> Int64 {
        var (shared, offset) = (Int64(0), 0)
        for entry in manifest.entries {
            guard let stored = try chunk(entry.digest), let chunk = try? ChunkFile(stored, named: entry.digest),
                let plain = try? chunk.plain(), plain.readableBytes == entry.length,
                Digest(hashing: plain.readableBytesUInt8Span) == entry.digest
            else { throw .damaged(entry.digest) }
            do throws(FileSystemError) {
                var copied = 0
                if chunk.footer.codec == .raw, let stored = stored as? POSIXFile {
                    copied = try file.copy(entry.length, of: stored, to: offset)
                }
                try file.write(plain.readableBytesUInt8Span.extracting(droppingFirst: copied), at: offset + copied)
                shared += Int64(copied)
            } catch { throw error.storeError }
            offset += entry.length
        }
        return shared
    }
}
