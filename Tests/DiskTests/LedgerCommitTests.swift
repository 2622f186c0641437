import CairnContent
import CairnDisk
import CairnEngine
import LedgerConformance
import Testing

@Suite struct `Committing to a ledger in a file` {
    @Test func `hundreds of concurrent commits share transactions, and each is all or nothing`() async throws {
        try await LedgerFolder().withLedger { ledger in
            let good = (0..<300).map { LedgerSamples.upload([$0, $0 + 1]) }
            await withTaskGroup { group in
                for (number, upload) in good.enumerated() {
                    let chunks = [number, number + 1].map(LedgerSamples.chunk)
                    group.addTask { await accept([.write(upload, entries: chunks)], ledger) }
                    // One entry for a run of two leaves a gap.
                    let gap = LedgerSamples.upload([number, number + 1])
                    let fine = LedgerChange.write(LedgerSamples.upload(), entries: [])
                    group.addTask { await refuse([fine, .write(gap, entries: [chunks[1]])], ledger) }
                }
            }
            let contents = try await ledger.contents()
            #expect(Set(contents.uploads) == Set(good))
            #expect(contents.isWhole)
            #expect(ledger.transactionCount < 600)
        }
    }

    @Test func `a file can be written for ever: its log is carried over and starts anew`() async throws {
        let folder = try LedgerFolder()
        try await folder.withLedger { ledger in
            var upload = try await ledger.begin(0..<0)
            for first in stride(from: 0, to: CommitQueue.checkpointRowLimit * 5, by: 64) {
                let chunks = (first..<first + 64).map(LedgerSamples.chunk)
                for chunk in chunks { upload.run.append(chunk.entry) }
                try await ledger.commit([.write(upload, entries: chunks)])
            }
            // Each row touches about one page that no other does. Never carried over, the log had five times as many.
            #expect(try folder.bytes("-wal").count < CommitQueue.checkpointRowLimit * 2 * 8192)
            #expect(try folder.bytes().count > CommitQueue.checkpointRowLimit * 128)
        }
    }

    @Test func `a name for an upload that was never written is refused`() async throws {
        try await LedgerFolder().withLedger { ledger in
            let known = try await ledger.begin([1])
            let key = UploadKey("a", of: .everyone)
            for generations in [
                Generations(current: UploadID()), Generations(current: known.id, challenger: UploadID()),
            ] {
                await refuse([.name(key, generations)], ledger)
                #expect(try await ledger.generations(of: key) == nil)
            }
        }
    }

    @Test func `after its end a ledger refuses commits, and ending it twice is no error`() async throws {
        let ledger = try await LedgerFolder().open()
        await ledger.close()
        await ledger.close()
        await refuse([], ledger)
        #expect(!ledger.isReadOnly)
    }

    @Test func `what was asked for before the end is still written`() async throws {
        let folder = try LedgerFolder()
        let ledger = try await folder.open()
        let known = try await ledger.begin(0..<3)
        await withTaskGroup { group in
            for number in 0..<100 {
                let change = LedgerChange.write(
                    LedgerSamples.upload([number]), entries: [LedgerSamples.chunk(number)])
                // Taken or refused, but never in between.
                group.addTask { _ = await verdict(of: [change], ledger) }
            }
            group.addTask { await ledger.close() }
        }
        let contents = try await folder.withLedger { try await $0.contents() }
        #expect(contents.uploads.contains(known))
        #expect(contents.isWhole)
    }
}

/// What came of a commit, as a value; nil when it was kept.
func verdict(of changes: [LedgerChange], _ ledger: SQLLedger) async -> StoreError? {
    do {
        try await ledger.commit(changes)
        return nil
    } catch {
        return error
    }
}

private func accept(_ changes: [LedgerChange], _ ledger: SQLLedger) async {
    #expect(await verdict(of: changes, ledger) == nil)
}

private func refuse(_ changes: [LedgerChange], _ ledger: SQLLedger) async {
    guard case .failed = await verdict(of: changes, ledger) else {
        Issue.record("was not refused")
        return
    }
}
