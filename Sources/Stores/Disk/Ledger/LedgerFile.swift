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

    /// Whether the write-ahead log is not as SQLite leaves one, whatever stops it: gone, or empty, or not whole frames
    /// of a known beginning (sqlite.org/fileformat2.html, 4). To be asked before SQLite sees it.
    func hasBrokenLog() -> Bool {
        guard let file = FileHandle(forReadingAtPath: path + "-wal"), let head = try? file.read(upToCount: 32),
            head.count == 32, let length = Self.length(of: path + "-wal")
        else { return true }
        let magic = head.prefix(3) == Data([0x37, 0x7F, 0x06]) && (head[3] == 0x82 || head[3] == 0x83)
        let page = head[8..<12].reduce(0) { $0 << 8 | Int64($1) }
        return !magic || page < Self.pageLengthMinimum || (length - 32) % (24 + page) != 0
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
