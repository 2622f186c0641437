import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import LedgerConformance
import Testing

@Suite struct `Opening a ledger` {
    @Test func `nothing written is lost by closing and opening`() async throws {
        let folder = try LedgerFolder()
        let before = try await folder.withLedger { ledger in
            for count in 0..<20 { try await ledger.begin(0..<count) }
            return try await ledger.contents()
        }
        #expect(before.uploads.count == 20)
        #expect(try await folder.withLedger { try await $0.contents() } == before)
    }

    @Test func `after a kill every commit that was answered is there`() async throws {
        let folder = try LedgerFolder()
        let (before, after) = try await folder.withLedger { ledger in
            for count in 0..<20 { try await ledger.begin(0..<count) }
            let left = try folder.copy()
            return (try await ledger.contents(), try await left.withLedger { try await $0.contents() })
        }
        #expect(before.uploads.count == 20)
        #expect(after == before)
    }

    @Test func `of a log that was cut, whole commits remain, in their order`() async throws {
        let folder = try LedgerFolder()
        try await folder.withLedger { ledger in
            for count in 0..<12 { try await ledger.begin(0..<count) }
            let all = try await ledger.contents()
            let log = try folder.bytes("-wal")
            for cut in stride(from: 0, through: log.count, by: log.count / 23) {
                let left = try folder.copy()
                try left.write(log.prefix(cut), "-wal")
                let contents = try await left.withLedger { try await $0.contents() }
                #expect(contents.isWhole, "cut at \(cut)")
                #expect(contents.uploads == Array(all.uploads.suffix(contents.uploads.count)), "cut at \(cut)")
            }
        }
    }

    @Test func `a commit is synced before it is answered: SQLite is set to it, and read back`() async throws {
        try await LedgerFolder().withLedger { ledger in
            let settings = [
                "synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "page_size": "8192",
                "trusted_schema": "0", "cell_size_check": "1", "wal_autocheckpoint": "0", "temp_store": "2",
            ]
            for (setting, value) in settings {
                let found = try await ledger.pragma(setting)
                #expect(found == value, "\(setting)")
            }
        }
    }

    @Test func `only the owner may read the files`() async throws {
        let folder = try LedgerFolder()
        try await folder.withLedger { ledger in
            try await ledger.begin([1])
            for suffix in ["", "-wal", "-shm"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder.ledgerPath + suffix)
                #expect(attributes[.posixPermissions] as? NSNumber == 0o600, "\(suffix)")
            }
        }
    }

    @Test func `the ledger of another store is refused, and stays as it was`() async throws {
        let folder = try LedgerFolder()
        try await folder.withLedger { _ in }
        let before = try folder.bytes()
        await #expect(throws: error(folder, .otherStore(found: "a store"))) { try await folder.open(store: "another") }
        #expect(try folder.bytes() == before)
        try await folder.withLedger { _ in }
    }

    @Test func `a ledger that should be there is not made anew`() async throws {
        let folder = try LedgerFolder()
        await #expect(throws: error(folder, .missing)) { try await folder.open(creating: false) }
        #expect(!FileManager.default.fileExists(atPath: folder.ledgerPath))
        try folder.write(Data())
        await #expect(throws: error(folder, .missing)) { try await folder.open(creating: false) }
        try await folder.withLedger { _ in }
        try await folder.open(creating: false).close()
    }

    @Test func `an empty file beside a log is refused, and the log stays`() async throws {
        let folder = try LedgerFolder()
        let left = try await folder.withLedger { ledger in
            try await ledger.begin([1])
            return try folder.copy()
        }
        let log = try left.bytes("-wal")
        try left.write(Data())
        let refusal = error(left, .damaged("it was cut: 0 bytes are left"))
        await #expect(throws: refusal) { try await left.open() }
        #expect(try left.bytes("-wal") == log)
    }

    @Test func `a folder that is not there is an error that names the file`() async throws {
        let folder = try LedgerFolder()
        try FileManager.default.removeItem(atPath: folder.path)
        let error = await #expect(throws: LedgerError.self) { try await folder.open() }
        guard case .inaccessible = error?.reason else { Issue.record("\(String(describing: error))"); return }
        #expect(error?.description.contains(folder.ledgerPath) == true)
    }

    @Test func `a ledger of a later schema, and a database of someone else, are refused unchanged`() async throws {
        let folder = try LedgerFolder()
        try await folder.withLedger { _ in }
        // SQLite's header: the user version at 60, the application id at 68 (sqlite.org/fileformat2.html, 1.3).
        for (place, reason) in [(63, LedgerError.Reason.newer(version: 9)), (71, .foreign)] {
            let other = try folder.copy()
            var bytes = try other.bytes()
            bytes[place] = 9
            try other.write(bytes)
            await #expect(throws: error(other, reason)) { try await other.open() }
            #expect(try other.bytes() == bytes)
        }
    }

    @Test func `every refusal says which file it is about`() {
        let reasons: [LedgerError.Reason] = [
            .missing, .foreign, .newer(version: 2), .otherStore(found: "x"), .damaged("d"), .unsuited("s"),
            .inaccessible("c"),
        ]
        for reason in reasons {
            let error = LedgerError(path: "/data/ledger.sqlite", reason: reason)
            #expect(error.description.hasPrefix("/data/ledger.sqlite"))
        }
    }
}

@Suite struct `Chunks to look for after a crash` {
    @Test func `are those of the last batches`() async throws {
        let folder = try LedgerFolder()
        try await folder.withLedger { ledger in
            #expect(try await ledger.recentDigests(batches: 3) == [])
            for number in 0..<6 { try await ledger.begin([2 * number, 2 * number + 1]) }
            #expect(try await ledger.recentDigests(batches: 0) == [])
            #expect(Set(try await ledger.recentDigests(batches: 2)) == digests(8..<12))
            #expect(Set(try await ledger.recentDigests(batches: 100)) == digests(0..<12))
        }
        try await folder.withLedger { ledger in
            #expect(Set(try await ledger.recentDigests(batches: 2)) == digests(8..<12))
            try await ledger.begin([20])
            #expect(Set(try await ledger.recentDigests(batches: 2)) == digests([10, 11, 20]))
        }
    }

    @Test func `are also old ones that were kept again`() async throws {
        try await LedgerFolder().withLedger { ledger in
            for number in 0..<6 { try await ledger.begin([number]) }
            try await ledger.begin([0, 9])
            #expect(Set(try await ledger.recentDigests(batches: 1)) == digests([0, 9]))
        }
    }

    @Test func `are of one namespace`() async throws {
        try await LedgerFolder().withLedger { ledger in
            let other = try #require(Namespace("other"))
            try await ledger.begin([1])
            try await ledger.begin([1, 2], in: other)
            #expect(Set(try await ledger.recentDigests(batches: 9)) == digests([1]))
            #expect(Set(try await ledger.recentDigests(in: other, batches: 9)) == digests([1, 2]))
        }
    }

    private func digests(_ numbers: some Sequence<Int>) -> Set<Digest> {
        Set(numbers.map { LedgerSamples.chunk($0).entry.digest })
    }
}

private func error(_ folder: LedgerFolder, _ reason: LedgerError.Reason) -> LedgerError {
    LedgerError(path: folder.ledgerPath, reason: reason)
}
