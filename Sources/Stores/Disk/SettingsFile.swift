import CairnEngine
import NIOCore

/// A short file beside the data, replaced as a whole and durably: whoever reads it finds the old or the new, also after
/// power was lost.
package struct SettingsFile: Sendable {
    private let folder: any Directory
    private let name: String
    private let limit: Int

    /// The file `name` of a data directory, which is made when it is absent; nobody needs to hold the directory's lock.
    ///
    /// - Parameter limit: The longest that is read, in bytes.
    package init(_ name: String, inFolder path: String, limit: Int) throws(DiskError) {
        do throws(FileSystemError) {
            self.init(name, in: try POSIXFileSystem().root(path), limit: limit)
        } catch { throw .failed("\(path): \(error)") }
    }

    package init(_ name: String, in folder: any Directory, limit: Int) {
        self.folder = folder
        self.name = name
        self.limit = limit
    }

    /// What it says; nil when there is none. Blocks.
    package func read() throws(DiskError) -> [UInt8]? {
        let bytes: ByteBuffer
        do throws(FileSystemError) {
            let file = try folder.file(name, for: .reading)
            bytes = try file.read(min(try file.length(), limit + 1), at: 0)
        } catch .absent {
            return nil
        } catch { throw .failed("\(name): \(error)") }
        guard bytes.readableBytes <= limit else { throw .failed("\(name): longer than \(limit) bytes") }
        return Array(bytes.readableBytesView)
    }

    /// Replaces what it says by what `change` makes of it. Of two at once the second is refused. Blocks.
    package func update(_ change: ([UInt8]?) throws -> [UInt8]) throws {
        do {
            let lock = try folder.lock("\(name).lock")
            defer { withExtendedLifetime(lock) {} }
            try replace(with: try change(try read()))
        } catch FileSystemError.locked {
            throw DiskError.failed("\(name): another command changes it just now")
        } catch let error as FileSystemError { throw DiskError(error) }
    }

    private func replace(with bytes: [UInt8]) throws(FileSystemError) {
        let file = try folder.makeFile()
        try file.write(bytes.span, at: 0)
        try file.syncData()
        let temporary = String(UInt64.random(in: .min ... .max), radix: 16)
        try folder.link(file, as: temporary)
        try folder.rename(temporary, to: name, in: folder)
        try folder.sync()
    }
}

extension DataDirectory {
    /// The file `name` of this directory.
    package func settings(_ name: String, limit: Int) -> SettingsFile {
        SettingsFile(name, in: store.folders.root, limit: limit)
    }

    /// What `file` says, read on a thread that may block.
    package func read(_ file: SettingsFile) async throws -> [UInt8]? {
        let answer = try await store.threads.work.run { () throws(StoreError) in
            Result { () throws(DiskError) in try file.read() }
        }
        return try answer.get()
    }
}
