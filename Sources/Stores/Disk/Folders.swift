import CairnContent
import CairnEngine

/// Where everything lies in a data directory: every name under it is made here (spec/disk-format.md, "Layout").
struct Folders: Sendable {
    static let lock = "LOCK"
    static let format = "format.json"
    static let ledger = "ledger.sqlite"
    static let namespaces = "ns"

    let root: any Directory
    let temporary: any Directory
    let tails: any Directory
    let trash: any Directory
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
        temporary = try root.child("tmp")
        tails = try root.child("tails")
        trash = try root.child("trash")
        chunks = try space.child("chunks")
        manifests = try space.child("manifests")
        try chunks.makeAll(Self.chunkFolders)
        try manifests.makeAll(Self.manifestFolders)
        for parent in [chunks, manifests, space, spaces, root] { try parent.sync() }
    }

    func open(_ folder: Folder) throws(FileSystemError) -> any Directory {
        switch folder {
        case .chunks(let name): try chunks.directory(name)
        case .manifests(let name): try manifests.directory(name)
        }
    }

    private static let chunkFolders = (0..<4096).map { hexadecimal($0, digits: 3) }
    private static let manifestFolders = (0..<256).map { hexadecimal($0, digits: 2) }

    private static func hexadecimal(_ number: Int, digits: Int) -> String {
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

    /// Where a chunk lies, under its digest.
    init(of chunk: Digest) { self = .chunks(String(chunk.description.prefix(3))) }

    /// Where a file record lies, under the id.
    init(of record: UploadID) { self = .manifests(String(record.description.prefix(2))) }
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
    fileprivate func child(_ name: String) throws(FileSystemError) -> any Directory {
        do { try makeDirectory(name) } catch .exists {}
        return try directory(name)
    }

    fileprivate func makeAll(_ wanted: [String]) throws(FileSystemError) {
        let known = Set(try names())
        for name in wanted where !known.contains(name) { try makeDirectory(name) }
    }
}
