import CairnContent
import CairnEngine

/// `LedgerChange.join`: an upload whose entries are those of others; and the terms that uploads keep.
enum JoinChecks {
    static let all = [
        LedgerCheck("a joined upload has the entries of its origins in their order") { ledger in
            let parts = [try await ledger.begin(0..<3), try await ledger.begin(3..<3), try await ledger.begin(3..<7)]
            let joined = upload(0..<7)
            try await ledger.commit([.join(joined, origins: parts.map(\.id))])
            try expect(try await ledger.upload(joined.id), is: joined)
            try expect(try await ledger.entries(of: joined), is: entries(0..<7))
            try expect(try await ledger.entries(of: parts[2]), is: entries(3..<7))
        },
        LedgerCheck("an origin may be named again and again") { ledger in
            let part = try await ledger.begin(0..<2)
            let joined = upload([0, 1, 0, 1, 0, 1])
            try await ledger.commit([.join(joined, origins: [part.id, part.id, part.id])])
            try expect(try await ledger.entries(of: joined), is: entries([0, 1, 0, 1, 0, 1]))
        },
        LedgerCheck("an upload that was begun empty can be joined later, and outlives its origins") { ledger in
            var part = try await ledger.begin(0..<2)
            var joined = try await ledger.begin()
            joined.run = run(0..<2)
            try await ledger.commit([.join(joined, origins: [part.id])])
            part.run = Run()
            part.state = .cancelled
            try await ledger.commit([.write(part, entries: [])])
            try expect(try await ledger.entries(of: joined), is: entries(0..<2))
        },
        LedgerCheck("a join that does not come to the run's count is refused") { ledger in
            let part = try await ledger.begin(0..<2)
            for origins in [[], [part.id], [part.id, UploadID()], [part.id, part.id, part.id]] {
                let joined = upload([0, 1, 0, 1])
                try await expectRefusal { try await ledger.commit([.join(joined, origins: origins)]) }
                try expect(try await ledger.upload(joined.id), is: nil)
            }
        },
        LedgerCheck("terms are kept as they are") { ledger in
            var kept = upload()
            kept.terms = Terms(
                metadata: "filename YQ==,b", concat: "final;/files/x", parts: [UploadID(), UploadID()],
                checksums: [Checksum(.crc32, [1, 2, 3, 4])!, Checksum(Digest(hashing: [UInt8]().span))])
            try await ledger.commit([.write(kept, entries: [])])
            try expect(try await ledger.upload(kept.id), is: kept)
            kept.terms = Terms()
            try await ledger.commit([.write(kept, entries: [])])
            try expect(try await ledger.upload(kept.id), is: kept)
        },
    ]
}
