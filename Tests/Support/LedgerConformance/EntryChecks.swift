import CairnContent
import CairnEngine

/// `LedgerChange.write` and `Ledger.entries`: the last entries of a run, and what they do to those that stood there.
enum EntryChecks {
    static let all = [
        LedgerCheck("entries stand at the end of the run") { ledger in
            var upload = try await ledger.begin(0..<3)
            upload.run = run(0..<8)
            try await ledger.commit([.write(upload, entries: chunks(3..<8))])
            try expect(try await ledger.entries(of: upload), is: entries(0..<8))
        },
        LedgerCheck("an upload written without entries keeps those it has") { ledger in
            var upload = try await ledger.begin(0..<3)
            upload.acknowledged = upload.offset
            try await ledger.commit([.write(upload, entries: [])])
            try expect(try await ledger.entries(of: upload), is: entries(0..<3))
        },
        LedgerCheck("entries replace what stood at their indices") { ledger in
            var upload = try await ledger.begin(0..<6)
            upload.run = run([0, 1, 2, 30, 40, 50])
            try await ledger.commit([.write(upload, entries: chunks([30, 40, 50]))])
            try expect(try await ledger.entries(of: upload), is: entries([0, 1, 2, 30, 40, 50]))
        },
        LedgerCheck("what stood beyond the run is gone") { ledger in
            for count in [5, 1, 0] {
                var upload = try await ledger.begin(0..<6)
                upload.run = run(0..<count)
                try await ledger.commit([.write(upload, entries: [])])
                try expect(try await ledger.entries(of: upload), is: entries(0..<count))
            }
        },
        LedgerCheck("a run that became shorter goes on with other entries") { ledger in
            var upload = try await ledger.begin(0..<6)
            upload.run = run(0..<2)
            try await ledger.commit([.write(upload, entries: [])])
            upload.run = run([0, 1, 9])
            try await ledger.commit([.write(upload, entries: chunks([9]))])
            try expect(try await ledger.entries(of: upload), is: entries([0, 1, 9]))
            upload.run = run([0, 7])
            try await ledger.commit([.write(upload, entries: chunks([7]))])
            try expect(try await ledger.entries(of: upload), is: entries([0, 7]))
        },
        LedgerCheck("a range has the entries it covers, and fewer where there are fewer") { ledger in
            let upload = try await ledger.begin(0..<10)
            for range in [0..<10, 3..<7, 9..<10, 5..<5, 8..<12, 8..<Int.max, 10..<10, 10..<20, 1_000_000..<2_000_000] {
                let found = try await ledger.entries(of: upload.id, in: range)
                try expect(found, is: entries(range.clamped(to: 0..<10)), "\(range)")
            }
        },
        LedgerCheck("an upload that was never written has no entries") { ledger in
            _ = try await ledger.begin(0..<3)
            try expect(try await ledger.entries(of: UploadID(), in: 0..<10), is: [])
        },
        LedgerCheck("one chunk may stand at several indices, and in several uploads and namespaces") { ledger in
            let numbers = [1, 1, 2, 1]
            let first = try await ledger.begin(numbers)
            let second = try await ledger.begin(numbers)
            let other = try await ledger.begin(numbers, in: Namespace("other")!)
            var shorter = first
            shorter.run = Run()
            try await ledger.commit([.write(shorter, entries: [])])
            try expect(try await ledger.entries(of: first), is: [])
            try expect(try await ledger.entries(of: second), is: entries(numbers))
            try expect(try await ledger.entries(of: other), is: entries(numbers))
        },
        LedgerCheck("entries that would leave a gap, or are more than the run has, are refused") { ledger in
            let upload = try await ledger.begin(0..<3)
            for (count, numbers) in [(5, 4..<5), (9, 0..<0), (1, 0..<2), (0, 0..<1)] {
                var wrong = upload
                wrong.run = run(0..<count)
                try await expectRefusal { try await ledger.commit([.write(wrong, entries: chunks(numbers))]) }
                try expect(try await ledger.upload(upload.id), is: upload)
                try expect(try await ledger.entries(of: upload), is: entries(0..<3))
            }
        },
        LedgerCheck("thousands of entries go into one commit") { ledger in
            let upload = try await ledger.begin(0..<5000)
            try expect(try await ledger.upload(upload.id), is: upload)
            try expect(try await ledger.entries(of: upload), is: entries(0..<5000))
            try expect(try await ledger.entries(of: upload.id, in: 4711..<4713), is: entries(4711..<4713))
        },
    ]
}
