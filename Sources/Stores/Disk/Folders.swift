import CairnContent
import CairnEngine

/// Where everything lies in a data directory: every name under it is made here (spec/disk-format.md, "Layout").
struct Folders: Sendable {
    static let lock = "LOCK"
    static let format = "format.json"
    static let ledger = "ledger.sqlite"
    static let namespaces = "ns"
    static let quarantine = "quarantine"
    /// Who may come, and the lock of whoever changes that: made before the directory is, perhaps.
    static let settings = ["tokens.json", "tokens.json.lock"]
    static let backup = "backup"

    let root: any Directory
    private let spaces: any Directory
    let temporary: any Directory
    let tails: any Directory
    private let trash: any Directory
    private let quarantine: any Directory
    /// Copies of the ledger.
    let backup: any Directory
    private let chunks: any Directory
    private let manifests: any Directory

    /// Opens the directories of a namespace, making those that are lacking, durably.
    ///
    /// Chunks and records never wait for a new directory: all of theirs are made here. Each parent is synced once, at
    /// every start, for nothing tells whether the last one got so far.
    init(in root: any Directory, for namespace: Namespace) throws(FileSystemError) {
        let spaces = try root.child(Self.namespaces)
        let space = try spaces.child(namespace.description)
        self.root = root
        self.spaces = spaces
        temporary = try root.child("tmp")
        tails = try root.child("tails")
        trash = try root.child("trash")
        quarantine = try root.child(Self.quarantine)
        backup = try root.child(Self.backup)
        chunks = try space.child("chunks")
        manifests = try space.child("manifests")
        try chunks.makeAll(Self.chunkFolders)
        try manifests.makeAll(Self.manifestFolders)
        try trash.makeAll(Self.trashFolders)
        for parent in [chunks, manifests, trash, space, spaces, root] { try parent.sync() }
    }

    func open(_ folder: Folder) throws(FileSystemError) -> any Directory {
        switch folder {
        case .chunks(let name): try chunks.directory(name)
        case .manifests(let name): try manifests.directory(name)
        case .trash(let name): try trash.directory(name)
        case .quarantine: quarantine
        }
    }

    /// The namespaces that have been opened here, ever.
    func namespaces() throws(FileSystemError) -> [Namespace] {
        try spaces.names().compactMap(Namespace.init)
            .sorted { $0.description < $1.description }
    }

    private static let chunkFolders = (0..<4096).map { hexadecimal($0, digits: 3) }
    static let manifestFolderCount = 256
    private static let manifestFolders = (0..<manifestFolderCount).map { hexadecimal($0, digits: 2) }
    private static let trashFolders = manifestFolders

    fileprivate static func hexadecimal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}

/// One of the many directories that chunks and file records are spread over.
enum Folder: Hashable, Sendable {
    /// By the first three digits of a digest.
    case chunks(String)
    /// By the first two digits of an upload id.
    case manifests(String)
    /// By the first two digits of what was set aside.
    case trash(String)
    /// What was found damaged, for a person to look at.
    case quarantine

    /// Where a chunk lies, under its digest.
    init(of chunk: Digest) { self = .chunks(String(chunk.description.prefix(3))) }

    /// Where a file record lies, under the id.
    init(of record: UploadID) { self = .manifests(String(record.description.prefix(2))) }

    /// The chunks whose digests begin with these twelve bits.
    init(shelf: Int) { self = .chunks(Folders.hexadecimal(shelf, digits: 3)) }

    /// One of 256 parts of the file records.
    init(manifestPart part: Int) { self = .manifests(Folders.hexadecimal(part, digits: 2)) }

    /// One of 256 parts of the trash.
    init(trashPart part: Int) { self = .trash(Folders.hexadecimal(part, digits: 2)) }
}

/// A name that was set aside, and when: `<name>.<seconds since 1970>`.
struct TrashName {
    let fileName: String
    let moment: Timestamp
    /// Where it lies.
    let folder: Folder

    init(_ name: String, at moment: Timestamp) {
        fileName = "\(name).\(moment.seconds)"
        self.moment = moment
        folder = .trash(String(name.prefix(2)))
    }

    /// Nil for a file that is none of ours.
    init?(fileName: String) {
        let pieces = fileName.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count == 2, let seconds = Int64(pieces[1]),
            Digest(String(pieces[0])) != nil || UploadID(String(pieces[0])) != nil
        else { return nil }
        self.init(String(pieces[0]), at: Timestamp(seconds: seconds))
        guard self.fileName == fileName else { return nil }
    }
}

extension TailName {
    /// `<upload id>-<generation>`, both in hexadecimal.
    var fileName: String { "\(upload)-\(String(generation, radix: 16))" }

    /// The name of a file under `tails/`; nil for one that is none of ours.
    init?(fileName: String) {
        let pieces = fileName.split(separator: "-", omittingEmptySubsequences: false)
        guard pieces.count == 2, let upload = UploadID(String(pieces[0])), let generation = UInt64(pieces[1], radix: 16)
        else { return nil }
        self.init(upload: upload, generation: generation)
        guard self.fileName == fileName else { return nil }
    }
}

extension Directory {
    /// Opens a directory, made when absent; its name is durable once this one is synced.
    func child(_ name: String) throws(FileSystemError) -> any Directory {
        do { try makeDirectory(name) } catch .exists {}
        return try directory(name)
    }

    fileprivate func makeAll(_ wanted: [String]) throws(FileSystemError) {
        let known = Set(try names())
        for name in wanted where !known.contains(name) { try makeDirectory(name) }
    }
}
