/// One call to the simulated file system, as a rule sees it before it is done.
package struct SimulatedCall: Hashable, Sendable {
    package enum Operation: String, Hashable, Sendable, CaseIterable {
        // These change what is there, or promise something of it.
        case makeDirectory, makeFile, lock, link, rename, unlink, syncDirectory, write, truncate, syncData
        // These only look.
        case openDirectory, openFile, read, list, look

        /// Whether a power cut before and one after it can end differently.
        package var hasEffect: Bool {
            switch self {
            case .openDirectory, .openFile, .read, .list, .look: false
            case .makeDirectory, .makeFile, .lock, .link, .rename, .unlink, .syncDirectory: true
            case .write, .truncate, .syncData: true
            }
        }
    }

    package let operation: Operation
    /// What it is about: a path, or for a file without a name its number.
    package let subject: String
    /// Counts all calls, from 1.
    package let number: Int
    /// Counts the calls that have an effect, from 1; of others the number of the last one before.
    package let effect: Int
}

/// What becomes of a call.
package enum SimulatedAnswer: Hashable, Sendable {
    case perform
    /// It fails. A write has then written half, a sync of data loses what it was to write.
    case fail(FileSystemError)
    /// It says that it succeeded, and does nothing: a disk that lies.
    case pretend
    /// The power is gone: this call and all later ones fail.
    case stop
}
