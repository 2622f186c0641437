import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import LedgerConformance
import Logging

/// A folder for one ledger, removed with the last reference to it.
final class LedgerFolder: Sendable {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "ledger-\(UploadID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // What is left behind lies in the system's temporary folder.
        try? FileManager.default.removeItem(atPath: path)
    }

    var ledgerPath: String { path + "/ledger.sqlite" }

    func open(store: String = "a store", creating: Bool = true) async throws(LedgerError) -> SQLLedger {
        try await SQLLedger.open(ledgerPath, store: store, creating: creating, logger: quiet)
    }

    /// Opens the ledger for `body` and closes it, whatever comes of it.
    @discardableResult
    func withLedger<Value: Sendable>(
        _ body: @Sendable (SQLLedger) async throws -> Value
    ) async throws -> Value {
        let ledger = try await open()
        do {
            let value = try await body(ledger)
            await ledger.close()
            return value
        } catch {
            await ledger.close()
            throw error
        }
    }

    /// The files as they are now, which is what a kill at this moment leaves.
    func copy() throws -> LedgerFolder {
        let copy = try LedgerFolder()
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: ledgerPath + suffix) {
            try FileManager.default.copyItem(atPath: ledgerPath + suffix, toPath: copy.ledgerPath + suffix)
        }
        return copy
    }

    /// The bytes of the ledger, or of a companion.
    func bytes(_ suffix: String = "") throws -> Data { try Data(contentsOf: URL(fileURLWithPath: ledgerPath + suffix)) }

    func write(_ bytes: Data, _ suffix: String = "") throws {
        try bytes.write(to: URL(fileURLWithPath: ledgerPath + suffix))
    }
}

extension SQLLedger {
    /// Commits a new upload of `numbers`, and a name for it.
    @discardableResult
    func begin(_ numbers: some Collection<Int>, in namespace: Namespace = .standard) async throws -> Upload {
        let upload = LedgerSamples.upload(numbers, in: namespace)
        try await commit([
            .write(upload, entries: numbers.map(LedgerSamples.chunk)),
            .name(UploadKey("\(upload.id)", of: .everyone), Generations(current: upload.id)),
        ])
        return upload
    }

    /// Everything that a read can find in the standard namespace.
    func contents() async throws -> LedgerContents {
        var contents = LedgerContents()
        for state in [Upload.State.open, .complete, .cancelled, .expired] {
            contents.uploads += try await uploads(UploadQuery(namespace: .standard, state: state, limit: 100_000))
        }
        for upload in contents.uploads {
            contents.entries.append(try await entries(of: upload.id, in: 0..<upload.run.count + 1))
            contents.names.append(try await generations(of: UploadKey("\(upload.id)", of: .everyone)))
        }
        return contents
    }
}

struct LedgerContents: Equatable, Sendable {
    var uploads: [Upload] = []
    var entries: [[Entry]] = []
    var names: [Generations?] = []

    /// Whether every upload has the entries that its run speaks of.
    var isWhole: Bool {
        zip(uploads, entries).allSatisfy { upload, entries in Run(entries) == upload.run }
    }
}
