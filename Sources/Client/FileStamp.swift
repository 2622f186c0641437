import Glibc
import NIOPosix
import SystemPackage

/// What tells one state of a file from another without reading it.
struct FileStamp: Hashable, Sendable {
    /// In bytes.
    let length: Int64
    /// When it was last written to, in nanoseconds since 1970.
    let written: Int64
    let inode: UInt64

    /// When anything about it last changed, its name and rights included; no program can set it.
    let touched: Int64
    /// Whether it takes less room than its length.
    let isSparse: Bool

    /// The state of the regular file at `path`, or nil when something else is there.
    init?(of path: String) async throws {
        let facts = try await NIOThreadPool.singleton.runIfActive { try Stat(FilePath(path)) }
        guard facts.type == .regular else { return nil }
        length = facts.size
        written = facts.st_mtim.nanosecondsInAll
        touched = facts.st_ctim.nanosecondsInAll
        inode = UInt64(facts.inode.rawValue)
        isSparse = facts.sizeAllocated < facts.size
    }

    /// When the file was last written to, in milliseconds since 1970.
    var modified: Int64 { written.dividingRoundingDown(by: 1_000_000) }

    /// How long nothing has happened to it at `now`, in seconds since 1970.
    func rest(at now: Double) -> Duration { .seconds(now - Double(max(written, touched)) / 1e9) }

    /// Whether the bytes must be the same: links, names and rights may have changed.
    func isSameState(as other: FileStamp) -> Bool {
        length == other.length && written == other.written && inode == other.inode
    }
}

extension timespec {
    fileprivate var nanosecondsInAll: Int64 { Int64(tv_sec) * 1_000_000_000 + Int64(tv_nsec) }
}

extension Int64 {
    fileprivate func dividingRoundingDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
