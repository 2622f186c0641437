import Glibc

/// A directory of the operating system.
package final class POSIXDirectory: Directory {
    private let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    package func directory(_ name: String) throws(FileSystemError) -> any Directory {
        POSIXDirectory(Descriptor(try open(name, O_RDONLY | O_DIRECTORY)))
    }

    package func makeDirectory(_ name: String) throws(FileSystemError) {
        try attempt("mkdirat") { unsafe mkdirat(descriptor.number, name, 0o700) }
    }

    package func makeFile() throws(FileSystemError) -> any OpenFile {
        do {
            return POSIXFile(Descriptor(try open(".", O_RDWR | Self.unnamed)))
        } catch .io(let number, _) where number == EOPNOTSUPP || number == EISDIR {
            return try makeNamedFile()
        }
    }

    package func file(_ name: String, for access: Access) throws(FileSystemError) -> any OpenFile {
        POSIXFile(Descriptor(try open(name, access == .reading ? O_RDONLY : O_RDWR)))
    }

    package func lock(_ name: String) throws(FileSystemError) -> any OpenFile {
        let lock = Descriptor(try open(name, O_RDWR | O_CREAT))
        do {
            try attempt("flock") { flock(lock.number, LOCK_EX | LOCK_NB) }
        } catch .io(EWOULDBLOCK, _) {
            throw .locked
        }
        return POSIXFile(lock)
    }

    package func link(_ file: any OpenFile, as name: String) throws(FileSystemError) {
        guard let file = file as? POSIXFile else { preconditionFailure("a file of elsewhere") }
        // A file without a name is linked by its descriptor; the direct way needs a capability before Linux 6.10.
        let path = "/proc/self/fd/\(file.descriptor.number)"
        try attempt("linkat") { unsafe linkat(AT_FDCWD, path, descriptor.number, name, AT_SYMLINK_FOLLOW) }
    }

    package func rename(_ name: String, to newName: String, in other: any Directory) throws(FileSystemError) {
        guard let other = other as? POSIXDirectory else { preconditionFailure("a directory of elsewhere") }
        try attempt("renameat") { unsafe renameat(descriptor.number, name, other.descriptor.number, newName) }
    }

    package func unlink(_ name: String) throws(FileSystemError) {
        try attempt("unlinkat") { unsafe unlinkat(descriptor.number, name, 0) }
    }

    package func sync() throws(FileSystemError) {
        try attempt("fsync") { fsync(descriptor.number) }
    }

    package func names() throws(FileSystemError) -> [String] {
        let number = try open(".", O_RDONLY | O_DIRECTORY)
        guard let stream = unsafe fdopendir(number) else {
            defer { _ = close(number) }
            throw FileSystemError(number: errno, call: "fdopendir")
        }
        defer { unsafe _ = closedir(stream) }
        var names: [String] = []
        while let name = try unsafe nextName(in: stream) {
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    package func space() throws(FileSystemError) -> Space {
        var room = statvfs()
        try attempt("fstatvfs") { unsafe fstatvfs(descriptor.number, &room) }
        let unit = Int64(room.f_frsize)
        return Space(available: Int64(room.f_bavail) * unit, total: Int64(room.f_blocks) * unit)
    }

    package func kind() throws(FileSystemError) -> String {
        do { return try Mounts.kind(of: descriptor.number) } catch .absent { return "" }
    }

    /// The end of a directory and a failure look alike but for the number.
    private func nextName(in stream: OpaquePointer) throws(FileSystemError) -> String? {
        var entry: UnsafeMutablePointer<dirent>?
        try attempt("readdir") {
            errno = 0
            unsafe entry = readdir(stream)
            return unsafe entry == nil && errno != 0 ? -1 : 0
        }
        guard let entry = unsafe entry else { return nil }
        return unsafe withUnsafeBytes(of: &entry.pointee.d_name) { name in
            unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// The second way of `makeFile`: a name that nobody else has, taken away again when the file is let go.
    package func makeNamedFile() throws(FileSystemError) -> any OpenFile {
        let name = String(UInt64.random(in: .min ... .max), radix: 16)
        let file = Descriptor(try open(name, O_RDWR | O_CREAT | O_EXCL))
        return POSIXFile(file, named: name, in: self)
    }

    private func open(_ name: String, _ flags: CInt) throws(FileSystemError) -> CInt {
        try attempt("openat") { unsafe openat(descriptor.number, name, flags | O_NOFOLLOW | O_CLOEXEC, 0o600) }
    }

    /// `O_TMPFILE`, which the C headers make of two flags.
    private static let unnamed: CInt = 0o20_000_000 | O_DIRECTORY
}
