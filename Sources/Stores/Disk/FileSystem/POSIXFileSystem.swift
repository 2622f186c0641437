import Glibc

/// The operating system's own file system, through descriptors of directories, following no links.
///
/// This file and its neighbours named for POSIX are the only ones of this module that may say `unsafe`.
package struct POSIXFileSystem: FileSystem {
    package init() {}

    package func root(_ path: String) throws(FileSystemError) -> any Directory {
        try attempt("mkdir") {
            unsafe mkdir(path, 0o700)
        } unless: {
            $0 == .exists
        }
        try syncName(of: path)
        return try directory(path)
    }

    /// At every start: nothing tells whether the one that made the directory came so far. A parent that is not ours to
    /// open was there before us.
    private func syncName(of path: String) throws(FileSystemError) {
        let parent: POSIXDirectory
        do { parent = try directory(path + "/..") } catch { return }
        try parent.sync()
    }

    private func directory(_ path: String) throws(FileSystemError) -> POSIXDirectory {
        let number = try attempt("open") { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        return POSIXDirectory(Descriptor(number))
    }
}

/// A descriptor and the duty to close it.
struct Descriptor: ~Copyable, Sendable {
    let number: CInt

    init(_ number: CInt) { self.number = number }

    // What close reports comes too late to be of use: what matters was synced before.
    deinit { _ = close(number) }
}

/// Makes a system call, again when a signal broke it off.
@discardableResult
func attempt<Value: SignedInteger>(_ name: String, _ call: () -> Value) throws(FileSystemError) -> Value {
    while true {
        let value = call()
        if value >= 0 { return value }
        let number = errno
        if number != EINTR { throw FileSystemError(number: number, call: name) }
    }
}

/// The same; nil instead of an error that is as good as success.
@discardableResult
func attempt<Value: SignedInteger>(
    _ name: String, _ call: () -> Value, unless isFine: (FileSystemError) -> Bool
) throws(FileSystemError) -> Value? {
    do {
        return try attempt(name, call)
    } catch {
        if isFine(error) { return nil }
        throw error
    }
}

extension FileSystemError {
    init(number: CInt, call: String) {
        switch number {
        case ENOSPC, EDQUOT, EFBIG: self = .noSpace
        case EEXIST: self = .exists
        case ENOENT: self = .absent
        default: self = .io(number: number, call: call)
        }
    }
}
