import Glibc
import NIOCore

/// An open file of the operating system.
final class POSIXFile: OpenFile {
    let descriptor: Descriptor
    /// The name it had to be given, and where, so that it can be taken away again.
    private let temporaryName: (name: String, directory: POSIXDirectory)?

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
        temporaryName = nil
    }

    init(_ descriptor: consuming Descriptor, named name: String, in directory: POSIXDirectory) {
        self.descriptor = descriptor
        temporaryName = (name, directory)
    }

    deinit {
        // A name that stays behind is removed at the next start.
        if let (name, directory) = temporaryName { try? directory.unlink(name) }
    }

    func write(_ bytes: Span<UInt8>, at offset: Int) throws(FileSystemError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(droppingFirst: written)
            written += try attempt("pwrite") {
                unsafe rest.withUnsafeBytes { rest in
                    unsafe pwrite(descriptor.number, rest.baseAddress, rest.count, offset + written)
                }
            }
        }
    }

    func read(_ length: Int, at offset: Int) throws(FileSystemError) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: length)
        while buffer.readableBytes < length {
            let left = length - buffer.readableBytes
            let place = offset + buffer.readableBytes
            let count = try attempt("pread") {
                var count = 0
                unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: left) { room in
                    count = unsafe pread(descriptor.number, room.baseAddress, left, place)
                    return max(0, count)
                }
                return count
            }
            if count == 0 { break }
        }
        return buffer
    }

    func startWriteOut(of range: Range<Int>) {
        _ = Self.syncFileRange?(descriptor.number, Int64(range.lowerBound), Int64(range.count), Self.startOnly)
    }

    /// Asks the system to keep nothing of it in memory, so that the next read is one of the disk; promises nothing.
    func leaveMemory() { _ = posix_fadvise(descriptor.number, 0, 0, POSIX_FADV_DONTNEED) }

    func syncData() throws(FileSystemError) {
        try attempt("fdatasync") { fdatasync(descriptor.number) }
    }

    func truncate(to length: Int) throws(FileSystemError) {
        try attempt("ftruncate") { ftruncate(descriptor.number, length) }
    }

    func length() throws(FileSystemError) -> Int { Int(try facts().st_size) }

    func linkCount() throws(FileSystemError) -> Int { Int(try facts().st_nlink) }

    private func facts() throws(FileSystemError) -> stat {
        var facts = stat()
        try attempt("fstat") { unsafe fstat(descriptor.number, &facts) }
        return facts
    }

    /// `sync_file_range`, which Swift's view of the C library lacks; nil where the library does.
    private static let syncFileRange: (@convention(c) (CInt, Int64, Int64, CUnsignedInt) -> CInt)? = {
        guard let symbol = unsafe dlsym(nil, "sync_file_range") else { return nil }
        return unsafe unsafeBitCast(symbol, to: (@convention(c) (CInt, Int64, Int64, CUnsignedInt) -> CInt).self)
    }()

    /// `SYNC_FILE_RANGE_WRITE`: begin, and do not wait.
    private static let startOnly: CUnsignedInt = 2
}
