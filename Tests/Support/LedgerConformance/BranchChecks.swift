import CairnContent
import CairnEngine

/// `LedgerChange.branch`: a new upload that starts with the entries of another.
enum BranchChecks {
    static let all = [
        LedgerCheck("a branch has the first entries of its origin, as many as its run") { ledger in
            let origin = try await ledger.begin(0..<6)
            for count in [0, 1, 5, 6] {
                let branch = upload(0..<count)
                try await ledger.commit([.branch(branch, origin: origin.id)])
                try expect(try await ledger.upload(branch.id), is: branch)
                try expect(try await ledger.entries(of: branch), is: entries(0..<count))
            }
            try expect(try await ledger.entries(of: origin), is: entries(0..<6))
        },
        LedgerCheck("a branch and its origin go on apart") { ledger in
            var origin = try await ledger.begin(0..<3)
            var branch = upload(0..<2)
            try await ledger.commit([.branch(branch, origin: origin.id)])
            branch.run = run([0, 1, 20])
            try await ledger.commit([.write(branch, entries: chunks([20]))])
            origin.run = Run()
            origin.state = .cancelled
            try await ledger.commit([.write(origin, entries: [])])
            try expect(try await ledger.entries(of: branch), is: entries([0, 1, 20]))
            try expect(try await ledger.entries(of: origin), is: [])
        },
        LedgerCheck("the origin may be written in the same commit") { ledger in
            let (origin, branch) = (upload(0..<3), upload(0..<3))
            try await ledger.commit([.write(origin, entries: chunks(0..<3)), .branch(branch, origin: origin.id)])
            try expect(try await ledger.entries(of: branch), is: entries(0..<3))
        },
        LedgerCheck("a branch with more entries than its origin has is refused") { ledger in
            let origin = try await ledger.begin(0..<3)
            for id in [origin.id, UploadID()] {
                let branch = upload(0..<4)
                try await expectRefusal { try await ledger.commit([.branch(branch, origin: id)]) }
                try expect(try await ledger.upload(branch.id), is: nil)
                try expect(try await ledger.entries(of: branch), is: [])
            }
        },
    ]
}
