import CairnContent
import CairnDisk
import CairnEngine
import LedgerConformance
import Testing

@Suite struct `Whose a chunk is` {
    @Test(arguments: [0, 15, 16, 500]) func `is looked for among its newest references`(others: Int) async throws {
        try await LedgerFolder().withLedger { ledger in
            for owner in ["ann"] + Array(repeating: "bob", count: others) {
                var upload = Upload(
                    id: UploadID(), namespace: .standard, owner: Principal(owner), chunkSize: .minimum,
                    created: Timestamp(seconds: 1), metadata: Metadata())
                upload.run = LedgerSamples.run([1])
                try await ledger.commit([.write(upload, entries: [LedgerSamples.chunk(1)])])
            }
            let digests: Set = [LedgerSamples.chunk(1).entry.digest]
            #expect(
                try await ledger.kept(of: digests, in: .standard, by: Principal("ann")).count == (others < 16 ? 1 : 0))
            #expect(try await ledger.kept(of: digests, in: .standard, by: nil).count == 1)
        }
    }
}
