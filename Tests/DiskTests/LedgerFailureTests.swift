import CairnContent
import CairnDisk
import CairnEngine
import LedgerConformance
import Testing

@Suite struct `When the ledger cannot write` {
    @Test func `a full disk costs the commits that found no room, and nothing else`() async throws {
        let folder = try LedgerFolder()
        let before = try await folder.withLedger { ledger in
            try await ledger.begin(0..<3)
            let pages = try #require(Int(try await ledger.pragma("page_count") ?? ""))
            _ = try await ledger.pragma("max_page_count = \(pages + 4)")
            let kept = try await fill(ledger)
            #expect(!ledger.isReadOnly)
            let contents = try await ledger.contents()
            #expect(contents.uploads.count == kept + 1)
            #expect(contents.isWhole)

            _ = try await ledger.pragma("max_page_count = \(pages + 1000)")
            try await ledger.begin(0..<500)
            return try await ledger.contents()
        }
        #expect(before.uploads.first?.run.count == 500)
        #expect(try await folder.withLedger { try await $0.contents() } == before)
    }

    /// Commits until there is no room; returns how many had room.
    private func fill(_ ledger: SQLLedger) async throws -> Int {
        for count in 0..<1000 {
            let upload = LedgerSamples.upload([count * 50..<count * 50 + 50].joined())
            let chunks = (count * 50..<count * 50 + 50).map(LedgerSamples.chunk)
            guard let error = await verdict(of: [.write(upload, entries: chunks)], ledger) else { continue }
            #expect(error == .noSpace)
            #expect(try await ledger.upload(upload.id) == nil)
            return count
        }
        Issue.record("never full")
        return 0
    }

    @Test func `all who share a transaction that found no room are told so`() async throws {
        try await LedgerFolder().withLedger { ledger in
            let pages = try #require(Int(try await ledger.pragma("page_count") ?? ""))
            _ = try await ledger.pragma("max_page_count = \(pages)")
            let errors = await withTaskGroup { group in
                for number in 0..<50 {
                    group.addTask {
                        let numbers = number * 1000..<number * 1000 + 1000
                        let upload = LedgerSamples.upload(numbers)
                        return await verdict(of: [.write(upload, entries: numbers.map(LedgerSamples.chunk))], ledger)
                    }
                }
                return await group.reduce(into: [StoreError?]()) { $0.append($1) }
            }
            #expect(errors.allSatisfy { $0 == .noSpace })
            #expect(try await ledger.contents().uploads == [])
        }
    }

    @Test func `any other failed write makes it read-only until restart, and reads go on`() async throws {
        let folder = try LedgerFolder()
        let ledger = try await folder.open()
        let known = try await ledger.begin(0..<3)
        let before = try await ledger.contents()
        _ = try await ledger.pragma("query_only = 1")
        await withTaskGroup { group in
            for _ in 0..<50 {
                let change = LedgerChange.write(LedgerSamples.upload(), entries: [])
                group.addTask { #expect(await verdict(of: [change], ledger) == .readOnly) }
            }
        }
        #expect(ledger.isReadOnly)
        // Though writing would go again, what failed may have lost more than is known.
        _ = try await ledger.pragma("query_only = 0")
        #expect(await verdict(of: [.write(known, entries: [])], ledger) == .readOnly)
        #expect(try await ledger.contents() == before)
        await ledger.close()
        #expect(try await folder.withLedger { try await $0.contents() } == before)
    }
}
