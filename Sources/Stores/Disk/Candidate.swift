import CairnContent
import CairnEngine

/// A file that is to be durable under a name; unless it `replaces` any, a good one that stands there already will do.
struct Candidate: Sendable {
    enum Source: Sendable {
        /// Written to its end, not yet durable.
        case ours(any OpenFile)
        /// A good copy has the name; perhaps the name is not durable yet.
        case standing
    }

    /// Whose bytes have the name now.
    enum Winner: Sendable {
        case ours, standing
    }

    let source: Source
    let folder: Folder
    let name: String
    /// In bytes; what a cycle can take is limited.
    let length: Int
    /// Whether a file that has the name already is as good as ours.
    let accepts: @Sendable (any OpenFile) throws(FileSystemError) -> Bool
    /// Told when our bytes could not be made durable: they must not be relied on again.
    let syncFailed: @Sendable () -> Void
    /// Whether ours takes the place of whatever has the name, unlooked at.
    var replaces = false

    init(
        _ source: Source, _ folder: Folder, _ name: String, length: Int,
        accepts: @escaping @Sendable (any OpenFile) throws(FileSystemError) -> Bool,
        syncFailed: @escaping @Sendable () -> Void = {}
    ) {
        self.source = source
        self.folder = folder
        self.name = name
        self.length = length
        self.accepts = accepts
        self.syncFailed = syncFailed
    }

    /// Whether a good copy has the name. One that cannot be read is not good.
    func isHeld(in directory: any Directory) -> Bool {
        do {
            return try accepts(try directory.file(name, for: .reading))
        } catch {
            return false
        }
    }
}
