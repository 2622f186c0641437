import CairnContent
import CairnEngine

/// `Ledger.commit`: all or nothing, in order, together.
enum CommitChecks {
    static let all = [
        LedgerCheck("a commit is seen by every read that follows it") { ledger in
            var upload = try await ledger.begin()
            for number in 0..<50 {
                upload.run.append(chunk(number).entry)
                try await ledger.commit([.write(upload, entries: [chunk(number)])])
                try expect(try await ledger.upload(upload.id), is: upload)
                try expect(try await ledger.entries(of: upload), is: entries(0...number))
            }
        },
        LedgerCheck("the changes of a commit take effect in their order") { ledger in
            let (first, last) = (upload(0..<3), upload(7..<9))
            var shorter = first
            shorter.run = run(0..<1)
            try await ledger.commit([
                .write(first, entries: chunks(0..<3)), .name(key("a"), Generations(current: first.id)),
                .write(last, entries: chunks(7..<9)), .write(shorter, entries: []),
                .name(key("a"), Generations(current: last.id)),
            ])
            try expect(try await ledger.upload(first.id), is: shorter)
            try expect(try await ledger.entries(of: first), is: entries(0..<1))
            try expect(try await ledger.generations(of: key("a")), is: Generations(current: last.id))
        },
        LedgerCheck("a commit that throws has no effect, not even by the changes before its bad one") { ledger in
            let known = try await ledger.begin(0..<2)
            let (new, gap) = (upload(4..<6), upload(0..<3))
            var shorter = known
            shorter.run = Run()
            shorter.state = .cancelled
            try await expectRefusal {
                try await ledger.commit([
                    .write(shorter, entries: []), .write(new, entries: chunks(4..<6)),
                    .name(key("a"), Generations(current: new.id)), .write(gap, entries: [chunk(2)]),
                ])
            }
            try expect(try await ledger.upload(known.id), is: known)
            try expect(try await ledger.entries(of: known), is: entries(0..<2))
            try expect(try await ledger.upload(new.id), is: nil)
            try expect(try await ledger.entries(of: new), is: [])
            try expect(try await ledger.upload(gap.id), is: nil)
            try expect(try await ledger.generations(of: key("a")), is: nil)
        },
        LedgerCheck("of concurrent commits each is all or nothing, and a refused one spoils no other") { ledger in
            let good = (0..<100).map { upload([$0, $0 + 1]) }
            let bad = (0..<100).map { upload([$0, $0 + 1, $0 + 2]) }
            try await withThrowingTaskGroup { group in
                for (number, (good, bad)) in zip(good, bad).enumerated() {
                    group.addTask { try await ledger.commit([.write(good, entries: chunks([number, number + 1]))]) }
                    group.addTask {
                        let changes: [LedgerChange] = [
                            .write(upload(), entries: []), .write(bad, entries: [chunk(number)]),
                        ]
                        try await expectRefusal { try await ledger.commit(changes) }
                    }
                }
                try await group.waitForAll()
            }
            try expect(Set(try await ledger.list()), is: Set(good))
            for (number, upload) in good.enumerated() {
                try expect(try await ledger.entries(of: upload), is: entries([number, number + 1]))
            }
        },
        LedgerCheck("who reads while others write finds every entry that the upload speaks of") { ledger in
            let start = try await ledger.begin()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    var upload = start
                    for number in 0..<200 {
                        upload.run.append(chunk(number).entry)
                        try await ledger.commit([.write(upload, entries: [chunk(number)])])
                    }
                }
                group.addTask {
                    var count = 0
                    while count < 200 {
                        count = try await ledger.upload(start.id)?.run.count ?? 0
                        let found = try await ledger.entries(of: start.id, in: 0..<count)
                        try expect(found, is: entries(0..<count))
                    }
                }
                try await group.waitForAll()
            }
        },
        LedgerCheck("a cancelled task commits and reads as any other") { ledger in
            let upload = upload(0..<3)
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await ledger.commit([.write(upload, entries: chunks(0..<3))])
                try expect(try await ledger.upload(upload.id), is: upload)
                try expect(try await ledger.entries(of: upload), is: entries(0..<3))
                try expect(try await ledger.list(), is: [upload])
                try expect(try await ledger.generations(of: key("a")), is: nil)
            }
            task.cancel()
            try await task.value
        },
        LedgerCheck("a commit without changes changes nothing") { ledger in
            try await ledger.commit([])
            try expect(try await ledger.list(), is: [])
        },
    ]
}
