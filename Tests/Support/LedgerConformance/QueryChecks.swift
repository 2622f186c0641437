import CairnContent
import CairnEngine

/// `Ledger.uploads`: lists by namespace, state and time, newest first, in pages.
enum QueryChecks {
    static let all = [
        LedgerCheck("a list has the uploads of its namespace and state, newest first") { ledger in
            var written: [Upload] = []
            for number in 0..<12 {
                var upload = upload(in: number.isMultiple(of: 2) ? .standard : Namespace("other")!)
                upload.state = number % 4 < 2 ? .open : .complete
                try await ledger.commit([.write(upload, entries: [])])
                written.insert(upload, at: 0)
            }
            for namespace in ["default", "other", "none"].compactMap(Namespace.init) {
                for state in [Upload.State.open, .complete, .cancelled, .expired] {
                    let found = try await ledger.uploads(UploadQuery(namespace: namespace, state: state, limit: 100))
                    try expect(found, is: written.filter { $0.namespace == namespace && $0.state == state })
                }
            }
        },
        LedgerCheck("an upload keeps its place in the list when it is written again") { ledger in
            let (first, second) = (try await ledger.begin(), try await ledger.begin())
            var changed = first
            changed.acknowledged = 5
            try await ledger.commit([.write(changed, entries: [])])
            try expect(try await ledger.list(), is: [second, changed])
        },
        LedgerCheck("an upload that changes its state changes the list") { ledger in
            var upload = try await ledger.begin()
            upload.state = .complete
            try await ledger.commit([.write(upload, entries: [])])
            try expect(try await ledger.list(.open), is: [])
            try expect(try await ledger.list(.complete), is: [upload])
        },
        LedgerCheck("a list has at most as many as asked for") { ledger in
            for _ in 0..<5 { _ = try await ledger.begin() }
            let all = try await ledger.list()
            for limit in [0, 1, 4, 5, 6] {
                try expect(try await ledger.list(limit: limit), is: Array(all.prefix(limit)))
            }
        },
        LedgerCheck("in pages, each upload comes once and in the same order") { ledger in
            for _ in 0..<10 { _ = try await ledger.begin() }
            let all = try await ledger.list()
            var found: [Upload] = []
            while found.count < all.count {
                let page = try await ledger.list(after: found.last, limit: 3)
                try expect(page.isEmpty, is: false, "a page after \(found.count) of \(all.count)")
                found += page
            }
            try expect(found, is: all)
            try expect(try await ledger.list(after: found.last), is: [])
        },
        LedgerCheck("a page goes on where the last one ended, though its last upload has left the list") { ledger in
            for _ in 0..<6 { _ = try await ledger.begin() }
            let all = try await ledger.list()
            var left = all[2]
            left.state = .expired
            try await ledger.commit([.write(left, entries: [])])
            try expect(try await ledger.list(after: left), is: Array(all[3...]))
        },
        LedgerCheck("after an upload that was never written, nothing is listed") { ledger in
            _ = try await ledger.begin()
            try expect(try await ledger.list(after: upload()), is: [])
        },
        LedgerCheck("of those that expire, only those at or before the moment are listed") { ledger in
            var written: [Upload] = []
            for seconds in [100, 300, nil, 200, 201, 199] as [Int64?] {
                var upload = upload()
                upload.expires = seconds.map(Timestamp.init(seconds:))
                try await ledger.commit([.write(upload, entries: [])])
                written.insert(upload, at: 0)
            }
            var query = UploadQuery(namespace: .standard, state: .open, expiring: Timestamp(seconds: 200), limit: 100)
            let due = written.filter { ($0.expires?.seconds ?? 999) <= 200 }
            try expect(try await ledger.uploads(query), is: due)
            query.after = due[0].id
            query.limit = 1
            try expect(try await ledger.uploads(query), is: [due[1]])
            query.state = .complete
            try expect(try await ledger.uploads(query), is: [])
        },
    ]
}
