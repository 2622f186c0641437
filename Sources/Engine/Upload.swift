public import CairnContent

/// One attempt to bring a file here; once complete it is the file, under the same id.
///
/// This is what a ledger keeps of it. Everything in it was durable before it was written down, so any row can be
/// acknowledged as it stands.
public struct Upload: Hashable, Sendable {
    /// Where it stands; only an open one takes bytes.
    public enum State: Int, Hashable, Sendable {
        case open, complete, cancelled, expired
    }

    /// What is known of the file's length, in bytes.
    public enum Length: Hashable, Sendable {
        case unknown
        case declared(Int64)
        /// Taken from a body that arrived whole, so more bytes may still follow.
        case inferred(Int64)
    }

    /// Names it, and the file once it is complete.
    public let id: UploadID
    /// Where it belongs.
    public let namespace: Namespace
    /// Who began it.
    public let owner: Principal
    /// How it is cut.
    public let chunkSize: ChunkSize
    /// When it was begun.
    public let created: Timestamp
    /// What its client says about the file.
    public package(set) var metadata: Metadata
    /// Where it stands.
    public package(set) var state: State = .open
    /// What is known of the length of the whole file.
    public package(set) var length: Length = .unknown
    /// The entries whose chunks are verified and durable, from the first without a gap.
    package var run = Run()
    /// The durable bytes after the run, when there are any.
    package var tail: Tail?
    /// How many entries the client has named, from the first on; 0 when it only appends. Those behind the run are
    /// missing or wait for one that is.
    package var namedCount = 0
    /// Whether some entry but the last is shorter than the chunk size, so that only the manifest tells the cuts.
    package var isRagged = false
    /// The highest offset ever told to a client. Above `offset` only when chunks were lost since.
    package var acknowledged: Int64 = 0
    /// When an open upload ends by itself unless bytes arrive. Of a complete one nil, or long ago while it is being
    /// removed. Of an ended one, until when that is remembered.
    public package(set) var expires: Timestamp?
    /// What the client asked for besides.
    package var terms = Terms()
    /// Whether bytes of this complete file are lost, until someone brings them again (spec/checking.md). The ledger
    /// derives it whenever it is asked, and never writes it down.
    public package(set) var isDamaged = false

    package init(
        id: UploadID, namespace: Namespace, owner: Principal, chunkSize: ChunkSize, created: Timestamp,
        metadata: Metadata
    ) {
        self.id = id
        self.namespace = namespace
        self.owner = owner
        self.chunkSize = chunkSize
        self.created = created
        self.metadata = metadata
    }

    /// How many entries are known, from the first without a gap: named, or there already.
    package var entryCount: Int { max(namedCount, run.count) }

    /// Whether entries behind the run are known: bytes that come there must be theirs.
    package var isNamedAhead: Bool { namedCount > run.count }

    /// The fewest bytes that a file of the named entries has: only a length that is told makes the last one shorter.
    var namedLength: Int64 { declaredLength == nil ? Int64(namedCount) * Int64(chunkSize.length) : 0 }

    /// The bytes `[0, offset)` are verified and durable.
    public var offset: Int64 { run.length + Int64(tail?.entry.length ?? 0) }

    /// The offset together with the digest that proves it (spec/prefix-digest.md).
    public var prefix: Prefix { Prefix(offset: offset, digest: run.prefixDigest(tail: tail?.entry)) }

    /// The digest that names the file by its manifest; nil until the upload is complete.
    public var contentID: Digest? { state == .complete ? run.peaks.root : nil }

    /// The length declared by the client, in bytes.
    public var declaredLength: Int64? {
        guard case .declared(let length) = length else { return nil }
        return length
    }
}

// How an upload changes when entries are named and chunks come in any order: the rules every ledger applies.
extension Upload {
    /// More was said of it, and entries up to `entryCount` are known now.
    package mutating func apply(_ naming: Naming, entryCount: Int) {
        if let length = naming.length { self.length = .declared(length) }
        metadata.name = metadata.name ?? naming.metadata.name
        metadata.type = metadata.type ?? naming.metadata.type
        namedCount = entryCount
        expires = naming.expires
    }

    /// The run goes on along `entries`, whose chunks are all there.
    package mutating func advance(along entries: some Collection<Entry>) {
        guard !entries.isEmpty else { return }
        for entry in entries { run.append(entry) }
        tail = nil
        acknowledged = max(acknowledged, offset)
    }

    /// Chunks were placed, and the run has advanced over them.
    package mutating func apply(_ placing: Placing) {
        if let tail = placing.tail, placing.tailIndex == run.count { self.tail = tail }
        acknowledged = max(acknowledged, offset)
        expires = placing.expires
    }

    /// Chunks were lost: the run ends earlier, and what followed is named still.
    package mutating func shorten(to run: Run, entryCount: Int) {
        self.run = run
        tail = nil
        namedCount = entryCount
    }
}

/// The bytes of a growing upload after its last whole chunk, kept in a file of their own.
package struct Tail: Hashable, Sendable {
    /// What the file would end with if it ended here: digest and length of the tail's bytes.
    package let entry: Entry
    /// The store's name for the file that holds them.
    package let name: TailName

    package init(entry: Entry, name: TailName) {
        self.entry = entry
        self.name = name
    }
}

/// A store's name for a tail: the upload it belongs to and a number that is new for every new file.
package struct TailName: Hashable, Sendable {
    package let upload: UploadID
    package let generation: UInt64

    package init(upload: UploadID, generation: UInt64) {
        self.upload = upload
        self.generation = generation
    }
}

/// What a client says about a file besides its bytes. Kept and given back; never interpreted as a path.
public struct Metadata: Hashable, Sendable, Codable {
    /// The file's name, in any script; may hold slashes when it came from a directory.
    public var name: String?
    /// Its media type (RFC 9110, section 8.3).
    public var type: String?

    /// Nothing is known, unless told.
    public init(name: String? = nil, type: String? = nil) {
        self.name = name
        self.type = type
    }
}
