/// Why a ledger was not opened; as text it says what is wrong and what to do.
///
/// Nothing in the file was changed but what SQLite itself recovers after a crash.
public struct LedgerError: Error, Hashable, Sendable {
    /// Of the ledger's file.
    public let path: String
    /// Why.
    public let reason: Reason

    /// One case for each thing the operator does next.
    public enum Reason: Error, Hashable, Sendable {
        /// There is no ledger, and one was expected.
        case missing
        /// A file of SQLite or of something else, and not ours.
        case foreign
        /// Written by a later version, of this schema.
        case newer(version: Int)
        /// Of another store than the data directory it lies in.
        case otherStore(found: String)
        /// Pages or rows are not what they must be.
        case damaged(String)
        /// SQLite does not keep to a setting on which durability rests.
        case unsuited(String)
        /// The file cannot be opened or written.
        case inaccessible(String)
    }

    package init(path: String, reason: Reason) {
        self.path = path
        self.reason = reason
    }
}

extension LedgerError: CustomStringConvertible {
    private static let advice = """
        Run `cairn store rebuild` on the directory: it makes a new ledger from the files' records. Or put the newest \
        copy from backup/ in its place, which keeps open uploads too, and remove the files ledger.sqlite-wal and -shm \
        beside it.
        """

    /// What is wrong and what the operator can do, in a sentence or two.
    public var description: String {
        switch reason {
        case .missing:
            "\(path) is missing or empty, but the store is not new. \(Self.advice)"
        case .foreign:
            "\(path) is not a ledger. Look for what put it there; move it away only if the store is new."
        case .newer(let version):
            "\(path) is of schema \(version), which only a later version of this program reads. Start that one."
        case .otherStore(let found):
            "\(path) belongs to the store \(found). Put the ledger of this store in its place."
        case .damaged(let finding):
            "\(path) is damaged (\(finding)). \(Self.advice)"
        case .unsuited(let setting):
            "\(path): this SQLite does not keep to \(setting), so nothing would be durable. Use another build of it."
        case .inaccessible(let cause):
            "\(path) cannot be opened (\(cause)). Look at its owner, its permissions and the free space."
        }
    }
}
