import CairnContent
import CairnEngine

/// `LedgerChange.declare`, `.place` and `.lose`: entries that are named before their chunks are there.
enum NamedChecks {
    static let all = [
        LedgerCheck("named entries are known and not there") { ledger in
            let id = try await ledger.begin().id
            try await ledger.name(0..<3, in: id)
            try await ledger.name(3..<5, in: id)
            try expect(try await ledger.known(of: id, in: 0..<9), is: known(0..<5))
            try expect(try await ledger.entries(of: id, in: 0..<9), is: [])
            let upload = try await ledger.upload(id)
            try expect(upload?.namedCount, is: 5)
            try expect(upload?.run, is: Run())
        },
        LedgerCheck("chunks come in any order, and the run goes as far as there is no gap") { ledger in
            let id = try await ledger.begin().id
            try await ledger.name(0..<5, in: id)
            for (chunk, count) in [(2, 0), (0, 1), (4, 1), (1, 3), (3, 5)] {
                try await ledger.commit([.place(id, chunks([chunk]), placing)])
                let upload = try await ledger.upload(id)
                try expect(upload?.run, is: run(0..<count), "after \(chunk)")
                try expect(upload?.acknowledged, is: upload?.offset)
            }
            try expect(try await ledger.entries(of: id, in: 0..<9), is: entries(0..<5))
            try expect(try await ledger.known(of: id, in: 1..<3), is: known([1, 2], present: [1, 2]))
        },
        LedgerCheck("an entry that says another length than the chunk has never refers to it") { ledger in
            _ = try await ledger.begin([7])
            let id = try await ledger.begin().id
            let wrong = Entry(digest: chunk(7).entry.digest, length: chunk(7).entry.length + 1)
            let naming = Naming(expires: placing.expires)
            for _ in 0..<2 {
                try await ledger.commit([.declare(id, from: 0, [wrong], kept: [wrong.digest], naming)])
                try await ledger.commit([.place(id, chunks([7]), placing)])
                try expect(try await ledger.known(of: id, in: 0..<1), is: [KnownEntry(wrong, isPresent: false)])
            }
        },
        LedgerCheck("a chunk fills every entry that names it") { ledger in
            let id = try await ledger.begin().id
            try await ledger.name([7, 8, 7, 7], in: id)
            try await ledger.commit([.place(id, chunks([7]), placing)])
            try expect(try await ledger.known(of: id, in: 0..<4), is: known([7, 8, 7, 7], present: [7]))
            try expect(try await ledger.upload(id)?.run, is: run([7]))
        },
        LedgerCheck("what is kept already is referred to when it is named, also when it is named again") { ledger in
            _ = try await ledger.begin(0..<3)
            let id = try await ledger.begin().id
            try await ledger.name([0, 9, 2], kept: [0], in: id)
            try expect(try await ledger.known(of: id, in: 0..<3), is: known([0, 9, 2], present: [0]))
            try await ledger.name([0, 9, 2], kept: [2, 9], in: id)
            try expect(try await ledger.known(of: id, in: 0..<3), is: known([0, 9, 2], present: [0, 2]))
            try expect(try await ledger.upload(id)?.run, is: run([0]))
        },
        LedgerCheck("entries that leave a gap, or are others than are known, are refused") { ledger in
            let id = try await ledger.begin(0..<2).id
            try await ledger.name([0, 1, 2], in: id)
            for (index, numbers) in [(4, [4]), (-1, [0]), (0, [1]), (2, [3]), (1, [1, 9])] {
                try await expectRefusal { try await ledger.name(numbers, from: index, in: id) }
            }
            try expect(
                try await ledger.known(of: id, in: 0..<9), is: known([0, 1, 2], present: [0, 1]))
        },
        LedgerCheck("only an open upload takes names and chunks") { ledger in
            var ended = try await ledger.begin()
            ended.state = .cancelled
            try await ledger.commit([.write(ended, entries: [])])
            for id in [ended.id, UploadID()] {
                try await expectRefusal { try await ledger.name([1], in: id) }
                try await expectRefusal { try await ledger.commit([.place(id, chunks([1]), placing)]) }
                try await expectRefusal { try await ledger.commit([.lose(id, [])]) }
            }
        },
        LedgerCheck("an entry is present at once when another of the upload has its chunk, and not when that is lost") {
            ledger in
            let id = try await ledger.begin().id
            try await ledger.name([0, 1], in: id)
            try await ledger.commit([.place(id, chunks([1]), placing)])
            try await ledger.name([1, 0, 1, 2], from: 2, in: id)
            try expect(
                try await ledger.known(of: id, in: 0..<9),
                is: known([0, 1, 1, 0, 1, 2], present: [1]))
            try await ledger.commit([.damage([chunk(1).entry.digest], in: .standard, at: Timestamp(seconds: 1))])
            try await ledger.name([1], from: 6, in: id)
            try expect(try await ledger.known(of: id, in: 6..<9).map(\.isPresent), is: [false])
            let other = try await ledger.begin().id
            try await ledger.name([0, 2], in: other)
            try expect(try await ledger.known(of: other, in: 0..<9).map(\.isPresent), is: [false, false])
        },
        LedgerCheck("naming tells the length and what the file is called, where that was not known") { ledger in
            let id = try await ledger.begin().id
            let naming = Naming(length: 77, metadata: Metadata(name: "other"), expires: Timestamp(seconds: 5))
            try await ledger.commit([.declare(id, from: 0, [], kept: [], naming)])
            let upload = try await ledger.upload(id)
            try expect(upload?.length, is: .declared(77))
            try expect(upload?.metadata.name, is: "a file")
            try expect(upload?.expires, is: Timestamp(seconds: 5))
        },
        LedgerCheck("a tail counts where the run ends, and is none when the run has passed it") { ledger in
            let upload = try await ledger.begin()
            try await ledger.name(0..<3, in: upload.id)
            let tail = Tail(
                entry: chunk(50).entry, name: TailName(upload: upload.id, generation: 7))
            let there = Placing(tail: tail, at: 1, expires: Timestamp(seconds: 9))
            try await ledger.commit([.place(upload.id, chunks([0]), there)])
            try expect(try await ledger.upload(upload.id)?.tail, is: tail)
            try await ledger.commit([.place(upload.id, chunks([2]), placing)])
            try expect(try await ledger.upload(upload.id)?.tail, is: tail)
            try await ledger.commit([.place(upload.id, chunks([1]), placing)])
            try expect(try await ledger.upload(upload.id)?.tail, is: nil)
            try expect(try await ledger.upload(upload.id)?.run, is: run(0..<3))
        },
        LedgerCheck("a tail can be lost alone") { ledger in
            let upload = try await ledger.begin()
            try await ledger.name(0..<3, in: upload.id)
            let tail = Tail(entry: chunk(50).entry, name: TailName(upload: upload.id, generation: 7))
            let there = Placing(tail: tail, at: 1, expires: placing.expires)
            try await ledger.commit([.place(upload.id, chunks([0]), there)])
            try await ledger.commit([.lose(upload.id, [])])
            try expect(try await ledger.upload(upload.id)?.tail, is: nil)
            try expect(try await ledger.upload(upload.id)?.run, is: run([0]))
            try expect(try await ledger.upload(upload.id)?.namedCount, is: 3)
        },
        LedgerCheck("chunks that are lost are named again, and the run ends before the first") { ledger in
            let id = try await ledger.begin(0..<4).id
            try await ledger.name(0..<6, in: id)
            try await ledger.commit([.lose(id, [3, 1])])
            try expect(try await ledger.known(of: id, in: 0..<6), is: known(0..<6, present: [0, 2]))
            try expect(try await ledger.upload(id)?.run, is: run([0]))
            try await ledger.commit([.place(id, chunks([1]), placing)])
            try expect(try await ledger.upload(id)?.run, is: run(0..<3))
        },
        LedgerCheck("an upload that ends forgets what it named") { ledger in
            var upload = try await ledger.begin(0..<1)
            try await ledger.name(0..<3, in: upload.id)
            upload.state = .expired
            upload.run = Run()
            try await ledger.commit([.write(upload, entries: [])])
            try expect(try await ledger.known(of: upload.id, in: 0..<9), is: [])
        },
    ]

    static let questions = [
        LedgerCheck("how a chunk stands is told of the upload that is asked") { ledger in
            let id = try await ledger.begin(0..<1).id
            try await ledger.name([0, 5, 6, 5], in: id)
            _ = try await ledger.begin([5, 6])
            let digests = [0, 5, 77].map { chunk($0).entry.digest }
            try expect(try await ledger.standing(of: digests[0], in: id)?.isPresent, is: true)
            try expect(try await ledger.standing(of: digests[1], in: id)?.isPresent, is: false)
            try expect(try await ledger.standing(of: digests[2], in: id), is: nil)
            try expect(try await ledger.standing(of: digests[0], in: UploadID()), is: nil)
        },
        LedgerCheck("what is kept is told by namespace, and by owner") { ledger in
            _ = try await ledger.begin([1, 2])
            let digests = Set([1, 2, 3].map { chunk($0).entry.digest })
            let own = Set([1, 2].map { chunk($0).entry.digest })
            try expect(try await ledger.keptDigests(of: digests, in: .standard, by: nil), is: own)
            try expect(try await ledger.keptDigests(of: digests, in: .standard, by: .everyone), is: own)
            try expect(try await ledger.keptDigests(of: digests, in: .standard, by: Principal("other")), is: [])
        },
        LedgerCheck("a file is found by its content id while it is complete, the newest first") { ledger in
            var files: [Upload] = []
            for _ in 0..<2 {
                var file = try await ledger.begin(0..<3)
                file.state = .complete
                try await ledger.commit([.write(file, entries: [])])
                files.append(file)
            }
            let contentID = run(0..<3).peaks.root
            try expect(try await ledger.file(contentID, in: .standard, of: .everyone)?.id, is: files[1].id)
            try expect(try await ledger.file(contentID, in: .standard, of: Principal("other")), is: nil)
            try expect(try await ledger.file(run(0..<2).peaks.root, in: .standard, of: .everyone), is: nil)
            for file in files.reversed() {
                var ended = file
                ended.state = .cancelled
                ended.run = Run()
                try await ledger.commit([.write(ended, entries: [])])
            }
            try expect(try await ledger.file(contentID, in: .standard, of: .everyone), is: nil)
        },
    ]

    private static let placing = Placing(expires: Timestamp(seconds: 2_000_000_000))

    private static func known(_ numbers: some Sequence<Int>, present: Set<Int> = []) -> [KnownEntry] {
        numbers.map { KnownEntry(chunk($0).entry, isPresent: present.contains($0)) }
    }
}

extension Ledger {
    fileprivate func name(
        _ numbers: some Sequence<Int>, from index: Int? = nil, kept: [Int] = [], in id: UploadID
    ) async throws {
        let numbers = Array(numbers)
        let known = try await upload(id)?.entryCount ?? 0
        // Without an index: behind what is known, or over all of it.
        let first = index ?? (kept.isEmpty && numbers.first != 0 && known > 0 ? known : 0)
        let naming = Naming(expires: Timestamp(seconds: 2_000_000_000))
        let digests = Set(kept.map { chunk($0).entry.digest })
        try await commit([.declare(id, from: first, numbers.map { chunk($0).entry }, kept: digests, naming)])
    }
}
