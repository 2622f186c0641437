import Glibc

/// A file outside of the data directory, on its way: it has its name when it is whole.
struct PlainFile: Sendable {
    let file: POSIXFile
    private let path: String
    private var partPath: String { "\(path).part" }

    init(_ path: String) throws(FileSystemError) {
        self.path = path
        let part = "\(path).part"
        file = POSIXFile(
            Descriptor(
                try attempt("open") {
                    unsafe open(part, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
                }))
    }

    /// Takes away what was written.
    func discard() { _ = unsafe unlink(partPath) }

    /// Gives the file its name; when this returns, name and bytes are durable.
    func finish() throws(FileSystemError) {
        try file.syncData()
        try attempt("rename") { unsafe rename(partPath, path) }
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let directory = Descriptor(
            try attempt("open") { unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
        try attempt("fsync") { fsync(directory.number) }
    }
}

extension POSIXFile {
    /// Copies the first `length` bytes of `other` to `offset` here without their passing through this process.
    ///
    /// - Returns: How many were copied; fewer where the system cannot.
    func copy(_ length: Int, of other: POSIXFile, to offset: Int) throws(FileSystemError) -> Int {
        guard let copyFileRange = unsafe Self.copyFileRange else { return 0 }
        var copied = 0
        while copied < length {
            var (from, to) = (Int64(copied), Int64(offset + copied))
            do throws(FileSystemError) {
                let count = try attempt("copy_file_range") {
                    unsafe copyFileRange(other.descriptor.number, &from, descriptor.number, &to, length - copied, 0)
                }
                if count == 0 { return copied }
                copied += count
            } catch .io(let number, _) where [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP].contains(number) {
                return copied
            }
        }
        return copied
    }

    private typealias CopyFileRange =
        @convention(c) (
            CInt, UnsafeMutablePointer<Int64>, CInt, UnsafeMutablePointer<Int64>, Int, CUnsignedInt
        ) -> Int

    /// `copy_file_range`, which Swift's view of the C library lacks; nil where the library does.
    private static let copyFileRange: CopyFileRange? = {
        guard let symbol = unsafe dlsym(nil, "copy_file_range") else { return nil }
        return unsafe unsafeBitCast(symbol, to: CopyFileRange.self)
    }()
}
