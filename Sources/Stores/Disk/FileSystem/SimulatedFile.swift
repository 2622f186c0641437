import NIOCore

/// An open file of a simulated file system.
final class SimulatedFile: OpenFile {
    let node: Int
    private let fileSystem: SimulatedFileSystem
    private let subject: String
    private let isLock: Bool

    init(_ fileSystem: SimulatedFileSystem, _ node: Int, subject: String, isLock: Bool = false) {
        self.fileSystem = fileSystem
        self.node = node
        self.subject = subject
        self.isLock = isLock
    }

    deinit {
        fileSystem.quietly { disk in
            if isLock { disk.unlock(node) }
            disk.letGo(of: node)
        }
    }

    func write(_ bytes: Span<UInt8>, at offset: Int) throws(FileSystemError) {
        let bytes = bytes.indices.map { bytes[$0] }
        let half = Array(bytes.prefix(bytes.count / 2))
        try fileSystem.call(.write, subject, onFailure: { $0[node].write(half, at: offset) }) {
            disk throws(FileSystemError) in
            disk[node].write(bytes, at: offset)
        }
    }

    func read(_ length: Int, at offset: Int) throws(FileSystemError) -> ByteBuffer {
        try fileSystem.call(.read, subject) { disk throws(FileSystemError) in
            ByteBuffer(bytes: disk[node].current.dropFirst(offset).prefix(length))
        }
    }

    func startWriteOut(of range: Range<Int>) {}

    func syncData() throws(FileSystemError) {
        try fileSystem.sync(.syncData, subject, onFailure: { $0[node].failToSync() }) { $0[node].sync() }
    }

    func truncate(to length: Int) throws(FileSystemError) {
        try fileSystem.call(.truncate, subject) { disk throws(FileSystemError) in disk[node].truncate(to: length) }
    }

    func length() throws(FileSystemError) -> Int {
        try fileSystem.call(.look, subject) { disk throws(FileSystemError) in disk[node].current.count }
    }

    func linkCount() throws(FileSystemError) -> Int {
        try fileSystem.call(.look, subject) { disk throws(FileSystemError) in disk.names.linkCount(of: node) }
    }
}
