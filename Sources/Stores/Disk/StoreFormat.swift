import CairnEngine
import FoundationEssentials
import NIOCore

/// What `format.json` says: which Cairn can work on a data directory, and the directory's own id.
struct StoreFormat: Codable, Hashable, Sendable {
    static let version = 1

    /// What one must know of to read, to write, or to collect garbage here; version 1 asks for nothing.
    struct Features: Codable, Hashable, Sendable {
        var read: [String] = []
        var write: [String] = []
        var gc: [String] = []
    }

    var version: Int
    /// Random, in the alphabet of upload ids: two directories with one id are copies of each other.
    var store: String
    var features: Features
    /// Whether a ledger was made here: from then on one that is missing is lost, and not yet to be made.
    var ledger: Bool?

    /// Of a new directory.
    init() {
        version = Self.version
        store = UploadID().description
        features = Features()
    }

    /// The format of the directory; a new one, made durable, when it is empty.
    static func open(in root: any Directory) throws(DiskError) -> StoreFormat {
        if let bytes = try stored(in: root) { return try StoreFormat(bytes) }
        let format = StoreFormat()
        do throws(FileSystemError) { try format.write(to: root) } catch { throw DiskError(error) }
        return format
    }

    /// Reads `format.json`.
    init(_ bytes: ByteBuffer) throws(DiskError) {
        guard let format = try? JSONDecoder().decode(Self.self, from: Data(bytes.readableBytesView)) else {
            throw .notADataDirectory  // whatever the decoder found wrong, these are not our words
        }
        let unknown = format.features.read + format.features.write
        guard format.version == Self.version, unknown.isEmpty else {
            throw .newer(version: format.version, features: unknown)
        }
        self = format
    }

    /// The stored format, or nil in an empty directory; lock and temporary files do not count.
    private static func stored(in root: any Directory) throws(DiskError) -> ByteBuffer? {
        let names: [String]
        do throws(FileSystemError) {
            names = try root.names()
            if names.contains(Folders.format) {
                return try root.file(Folders.format, for: .reading).read(lengthLimit, at: 0)
            }
        } catch { throw DiskError(error) }
        guard names.allSatisfy(isIncidental) else { throw .notADataDirectory }
        return nil
    }

    /// What an empty directory may hold: our lock, tokens made before it, what a file system puts there, and the
    /// temporary name of a file that was never finished (disk-format.md, "Layout").
    private static func isIncidental(_ name: String) -> Bool {
        [Folders.lock, "lost+found"].contains(name) || Folders.settings.contains(name) || UInt64(name, radix: 16) != nil
    }

    private static let lengthLimit = 64 * 1024

    /// Notes durably that a ledger was made.
    func rememberLedger(in root: any Directory) throws(FileSystemError) {
        var format = self
        format.ledger = true
        try format.replace(in: root)
    }

    /// Puts this in the place of whatever stands there, durably.
    func replace(in root: any Directory) throws(FileSystemError) {
        let name = String(UInt64.random(in: .min ... .max), radix: 16)
        try root.link(try written(in: root), as: name)
        try root.rename(name, to: Folders.format, in: root)
        try root.sync()
    }

    /// The format of a directory whose ledger is yet to be made: its own where that can be read, else a new one.
    static func withoutLedger(in root: any Directory) throws(DiskError) -> StoreFormat {
        var format = StoreFormat()
        do throws(DiskError) {
            if let bytes = try stored(in: root) { format = try StoreFormat(bytes) }
        } catch .notADataDirectory {}  // the rest of the directory tells what it is
        format.ledger = nil
        return format
    }

    private func write(to root: any Directory) throws(FileSystemError) {
        try root.link(try written(in: root), as: Folders.format)
        try root.sync()
    }

    /// A file without a name that says all this, durably.
    private func written(in root: any Directory) throws(FileSystemError) -> any OpenFile {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let bytes = try? encoder.encode(self) else {
            preconditionFailure("text and numbers always encode")  // whatever it says, the mistake is ours
        }
        let file = try root.makeFile()
        try file.write(Array(bytes).span, at: 0)
        try file.syncData()
        return file
    }
}
