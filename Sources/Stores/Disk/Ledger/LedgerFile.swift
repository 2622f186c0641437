import Foundation

/// The ledger's file before SQLite sees it.
struct LedgerFile {
    let path: String

    /// Makes the file when it may be made, readable by its owner alone; SQLite gives its companions the same rights.
    ///
    /// SQLite takes a file without a whole first page for new, and deletes the write-ahead log beside it. Such a file
    /// was cut, so it is refused.
    func prepare(creating: Bool) throws {
        let length = Self.length(of: path)
        if let length, length >= Self.pageLengthMinimum { return }
        guard length ?? 0 == 0, Self.length(of: path + "-wal") ?? 0 == 0 else {
            throw LedgerError.Reason.damaged("it was cut: \(length ?? 0) bytes are left")
        }
        guard creating else { throw LedgerError.Reason.missing }
        if length == nil { try create() }
    }

    /// The shortest page of any SQLite file, in bytes (sqlite.org/fileformat2.html, 1.3.2).
    private static let pageLengthMinimum: Int64 = 512

    /// Never overwrites: a file that could not be looked at may still be there.
    private func create() throws {
        try Data().write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    /// In bytes, or nil when there is no such file.
    private static func length(of path: String) -> Int64? {
        // Absence is the common reason; any other shows again, with its name, when SQLite opens the file.
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.int64Value
    }
}
