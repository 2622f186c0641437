import CairnEngine

/// Why a data directory could not be opened. One case for each next step of the operator.
public enum DiskError: Error, Hashable, Sendable {
    /// Another process works on it; its number, when it could be read. Stop that one first.
    case inUse(by: String?)
    /// A kind of file system whose syncs promise nothing to us. Use ext4 or XFS, or force it.
    case unfitFileSystem(String)
    /// Written by a newer Cairn, which needs what this one does not know. Use the newer one.
    case newer(version: Int, features: [String])
    /// Something is there, but `format.json` is not, or is not ours. Give another directory, or restore the file.
    case notADataDirectory
    /// The folder that it is to be made in is not there. Make that one first.
    case absentParent
    /// The system refused; the text is for the operator.
    case failed(String)
}

extension DiskError {
    init(_ error: FileSystemError) { self = .failed("\(error)") }

    /// - Parameter subject: What it is about, to stand before the cause.
    init(_ error: StoreError, of subject: String? = nil) {
        let cause =
            switch error {
            case .noSpace: "no space"
            case .readOnly: "a sync failed"
            case .damaged(let digest): "the chunk \(digest) is damaged"
            case .failed(let cause): cause
            }
        self = .failed(subject.map { "\($0): \(cause)" } ?? cause)
    }
}
