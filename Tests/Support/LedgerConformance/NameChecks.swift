import CairnContent
import CairnEngine

/// `LedgerChange.name` and `Ledger.generations`: what a client's own name stands for.
enum NameChecks {
    static let all = [
        LedgerCheck("a name that was never given stands for nothing") { ledger in
            let upload = try await ledger.begin()
            try await ledger.commit([.name(key("a"), Generations(current: upload.id))])
            try expect(try await ledger.generations(of: key("b")), is: nil)
            try expect(try await ledger.generations(of: UploadKey("a", of: Principal("another"))), is: nil)
        },
        LedgerCheck("a name stands for the uploads it was last given to, or for none") { ledger in
            let (first, second) = (try await ledger.begin(), try await ledger.begin())
            let steps = [
                Generations(current: first.id), Generations(current: first.id, challenger: second.id),
                Generations(current: second.id), Generations(current: second.id, challenger: first.id), nil,
                Generations(current: first.id), nil, nil,
            ]
            for step in steps {
                try await ledger.commit([.name(key("a"), step)])
                try expect(try await ledger.generations(of: key("a")), is: step)
            }
        },
        LedgerCheck("many names may stand for one upload") { ledger in
            let upload = try await ledger.begin()
            let names = (0..<5).map { key("name \($0)") }
            try await ledger.commit(names.map { .name($0, Generations(current: upload.id)) })
            try await ledger.commit([.name(names[2], nil)])
            for (number, name) in names.enumerated() {
                let wanted = number == 2 ? nil : Generations(current: upload.id)
                try expect(try await ledger.generations(of: name), is: wanted)
            }
        },
        LedgerCheck("a name may be given in the commit that writes its upload") { ledger in
            let upload = upload()
            try await ledger.commit([
                .write(upload, entries: []), .name(key("a"), Generations(current: upload.id, challenger: upload.id)),
            ])
            let wanted = Generations(current: upload.id, challenger: upload.id)
            try expect(try await ledger.generations(of: key("a")), is: wanted)
        },
    ]
}
