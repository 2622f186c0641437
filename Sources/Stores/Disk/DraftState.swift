import CairnContent
import CairnEngine
import Hashing
import NIOCore

/// What a draft knows of its file. Every method blocks.
struct DraftState: Sendable {
    /// After how many bytes the system is asked to begin writing them: then little is left to do when they are to be
    /// durable, and the disk works while the next bytes arrive.
    static let writeOutLength = 1 << 20

    private var file: (any OpenFile)?
    /// In bytes; they stand at the file's start, whatever may follow them there.
    private(set) var length = 0
    /// CRC32C of the bytes.
    private var checksum: UInt32 = 0
    /// Bytes whose way to the disk has begun.
    private var writtenOut = 0
    /// Whether the start of the bytes says that they are worth encoding; nil until asked.
    private var pays: Bool?
    private var isClosed = false

    /// The name the file has under `tails/`, if any.
    private(set) var name: TailName?
    /// Whether a sync failed, after which another that succeeds means nothing.
    var isSuspect = false
    /// What made the bytes unfit for use.
    var failure: StoreError?

    init() {}

    /// Goes on in a tail's own file.
    init(_ file: any OpenFile, holding bytes: ByteBuffer, named name: TailName) {
        self.file = file
        self.name = name
        length = bytes.readableBytes
        writtenOut = length
        checksum = CRC32C.checksum(bytes.readableBytesUInt8Span)
    }

    mutating func append(_ bytes: ByteBuffer, in folders: Folders) throws(FileSystemError) {
        precondition(!isClosed, "a chunk that is closed never changes")
        let file = try openFile(in: folders)
        try file.write(bytes.readableBytesUInt8Span, at: length)
        checksum = CRC32C.checksum(bytes.readableBytesUInt8Span, continuing: checksum)
        length += bytes.readableBytes
        try startWriteOut(of: file)
    }

    mutating func syncData() throws(FileSystemError) {
        guard let file else { preconditionFailure("an empty tail does not exist") }
        do throws(FileSystemError) { try file.syncData() } catch {
            isSuspect = true
            throw error
        }
    }

    /// Gives the file a new name under `tails/`.
    mutating func link(for upload: UploadID, in store: DiskStore) throws(FileSystemError) -> TailName {
        guard let file else { preconditionFailure("an empty tail does not exist") }
        let name = TailName(upload: upload, generation: .random(in: .min ... .max))
        try store.folders.tails.link(file, as: name.fileName)
        _ = store.heldTails.hold(name)
        self.name = name
        return name
    }

    /// The file, when the draft holds as many bytes as `entry` says; it takes no more.
    mutating func close(as entry: Entry, of draft: DiskDraft) throws(FileSystemError) -> ClosedDraft {
        precondition(length == entry.length, "a chunk's draft holds exactly the chunk")
        isClosed = true
        let file = try openFile(in: draft.store.folders)
        let pays = length < ChunkBlock.probeLength ? true : try payToEncode(file)
        return ClosedDraft(entry: entry, file: file, checksum: checksum, pays: pays, draft: draft)
    }

    private mutating func openFile(in folders: Folders) throws(FileSystemError) -> any OpenFile {
        if let file { return file }
        let file = try folders.temporary.makeFile()
        self.file = file
        return file
    }

    /// Bytes that are to be encoded are written anew when they are all there, so these are left alone.
    private mutating func startWriteOut(of file: any OpenFile) throws(FileSystemError) {
        guard length - writtenOut >= Self.writeOutLength, try !payToEncode(file) else { return }
        file.startWriteOut(of: writtenOut..<length)
        writtenOut = length
    }

    /// Looks at the start of the file, once, when it is long enough to tell.
    private mutating func payToEncode(_ file: any OpenFile) throws(FileSystemError) -> Bool {
        if let pays { return pays }
        let start = try file.read(ChunkBlock.probeLength, at: 0)
        let pays = ChunkBlock.pays(start.readableBytesUInt8Span)
        self.pays = pays
        return pays
    }
}
