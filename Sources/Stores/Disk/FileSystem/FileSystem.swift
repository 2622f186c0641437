package import NIOCore

/// What the disk store asks of an operating system (spec/durability.md, "What we ask of a file system").
///
/// Every call blocks until it is done, so it is made on threads of the store's own. Two sides: `POSIXFileSystem`, and
/// `SimulatedFileSystem`, which forgets what was not synced.
package protocol FileSystem: Sendable {
    /// Opens the directory at a path of the operator's, making its last piece, durably, when it is absent.
    func root(_ path: String) throws(FileSystemError) -> any Directory
}

/// An open directory. Names are single pieces of paths; a symbolic link under one is never followed.
package protocol Directory: AnyObject, Sendable {
    func directory(_ name: String) throws(FileSystemError) -> any Directory

    /// Throws `.exists` when anything has that name.
    func makeDirectory(_ name: String) throws(FileSystemError)

    /// A new file, open for reading and writing, that is gone when it is let go without a name.
    ///
    /// Where the system cannot make one without a name, it has one in this directory until it is let go.
    func makeFile() throws(FileSystemError) -> any OpenFile

    /// Opens a file that is there, or throws `.absent`.
    func file(_ name: String, for access: Access) throws(FileSystemError) -> any OpenFile

    /// Opens a file, making it when absent, and holds its lock until it is let go; throws `.locked` when another does.
    func lock(_ name: String) throws(FileSystemError) -> any OpenFile

    /// Gives an open file one more name; throws `.exists` when it is taken.
    func link(_ file: any OpenFile, as name: String) throws(FileSystemError)

    /// Moves a name, over whatever has the new one.
    func rename(_ name: String, to newName: String, in other: any Directory) throws(FileSystemError)

    func unlink(_ name: String) throws(FileSystemError)

    /// Makes the names in this directory durable.
    func sync() throws(FileSystemError)

    /// All names but `.` and `..`, in no order. A listing that breaks off throws.
    func names() throws(FileSystemError) -> [String]

    func space() throws(FileSystemError) -> Space

    /// The kind of file system, in the kernel's word: `ext4`, `xfs`, `tmpfs`, … Empty when it cannot be told.
    func kind() throws(FileSystemError) -> String
}

/// An open file, closed when the last reference goes.
package protocol OpenFile: AnyObject, Sendable {
    /// Writes all of `bytes`; when it throws, some of them may be there.
    func write(_ bytes: Span<UInt8>, at offset: Int) throws(FileSystemError)

    /// As many as `length` bytes; fewer only where the file ends.
    func read(_ length: Int, at offset: Int) throws(FileSystemError) -> ByteBuffer

    /// Asks that these bytes begin their way to the disk; promises nothing.
    func startWriteOut(of range: Range<Int>)

    /// Makes the bytes and the length durable. After a failure nothing said about this file is to be believed.
    func syncData() throws(FileSystemError)

    func truncate(to length: Int) throws(FileSystemError)

    func length() throws(FileSystemError) -> Int

    /// How many names the file has.
    func linkCount() throws(FileSystemError) -> Int
}

package enum Access: Sendable {
    case reading, writing
}

/// Room on a file system, in bytes.
package struct Space: Hashable, Sendable {
    package var available: Int64
    package var total: Int64

    package init(available: Int64, total: Int64) {
        self.available = available
        self.total = total
    }
}
