import CairnContent
import CairnEngine

/// What the collector rests on: ends, condemned chunks, tombstones (spec/reclaiming.md).
enum ReclaimChecks {
    static let all = ends + chunks + tombstones

    private static let ends = [
        LedgerCheck("an upload that has ended has no entries for whoever asks") { ledger in
            let upload = try await ledger.begin(0..<5)
            try await ledger.name([0, 1, 2, 3, 4, 7], in: upload.id)
            let ended = try await ledger.end(upload)
            try expect(try await ledger.upload(upload.id), is: ended)
            try expect(try await ledger.entries(of: upload), is: [])
            try expect(try await ledger.known(of: upload.id, in: 0..<9), is: [])
            try expect(try await ledger.standing(of: chunk(1).entry.digest, in: upload.id), is: nil)
            let digests = Set(entries(0..<5).map(\.digest))
            try expect(try await ledger.keptDigests(of: digests, in: .standard, by: .everyone), is: [])
            try await expectRefusal { try await ledger.commit([.branch(LedgerSamples.upload([0]), origin: upload.id)]) }
            try await expectRefusal {
                try await ledger.commit([.join(LedgerSamples.upload(0..<5), origins: [upload.id])])
            }
        },
        LedgerCheck("an upload ends once, and changes no more") { ledger in
            let upload = try await ledger.begin(0..<5)
            let ended = try await ledger.end(upload)
            for changes in [[.end(ended)], [.write(upload, entries: [])]] as [[LedgerChange]] {
                try await expectRefusal { try await ledger.commit(changes) }
            }
            try await expectRefusal { try await ledger.commit([.end(LedgerSamples.upload())]) }
            let open = try await ledger.begin()
            try await expectRefusal { try await ledger.commit([.end(open)]) }
        },
        LedgerCheck("entries are shed in slices, and count as references until then") { ledger in
            let upload = try await ledger.begin(0..<5)
            try await ledger.name([0, 1, 2, 3, 4, 7, 8], in: upload.id)
            try await ledger.end(upload)
            var free: [Int] = []
            for _ in 0..<20 {
                guard let id = try await ledger.unshed(limit: 10).first else { break }
                try expect(id, is: upload.id)
                try await ledger.commit([.shed(id, limit: 2)])
                free.append(try await ledger.free().count)
            }
            try expect(free.prefix(3), is: [2, 4, 5])
            try expect(try await ledger.unshed(limit: 10), is: [])
            try await expectRefusal { try await ledger.commit([.shed(upload.id, limit: 2)]) }
        },
        LedgerCheck("an upload without entries has nothing to shed") { ledger in
            try await ledger.end(try await ledger.begin())
            try expect(try await ledger.unshed(limit: 10), is: [])
        },
    ]

    private static let chunks = [
        LedgerCheck("chunks that nothing refers to are named in order of their digests, a page at a time") { ledger in
            let (_, other) = (try await ledger.begin(0..<10), try await ledger.begin(5..<20))
            _ = try await ledger.begin(5..<20, in: Namespace("other")!)
            try await ledger.endAndShed(other)
            let all = entries(0..<20).map(\.digest).sorted()
            let wanted = Set(entries(10..<20).map(\.digest))
            for limit in [1, 3, 7, 20, 100] {
                var (last, found, pages): (Digest?, [Digest], Int) = (nil, [], 0)
                repeat {
                    let page = try await ledger.unreferenced(in: .standard, after: last, looking: limit)
                    found += page.chunks.map(\.entry.digest)
                    last = page.last
                    pages += 1
                } while last != nil
                try expect(found, is: all.filter(wanted.contains), "\(limit) at a time")
                try expect(pages, is: 20 / limit + 1, "\(limit) at a time")
            }
        },
        LedgerCheck("a page tells how the chunks lie in the store") { ledger in
            try await ledger.endAndShed(try await ledger.begin([6, 7]))
            let page = try await ledger.unreferenced(in: .standard, after: nil, looking: 10)
            try expect(Set(page.chunks), is: Set(LedgerConformance.chunks([6, 7])))
        },
        LedgerCheck("only what nothing refers to is condemned") { ledger in
            _ = try await ledger.begin(0..<3)
            try await ledger.endAndShed(try await ledger.begin(2..<6))
            let digests = entries([0, 2, 3, 4, 99]).map(\.digest)
            try await ledger.commit([.condemn(digests, in: .standard)])
            let wanted = Set(entries([3, 4]).map(\.digest))
            try expect(try await ledger.condemnedDigests(), is: wanted)
            try expect(try await ledger.condemnedDigests(among: entries([0, 4, 5]).map(\.digest)), is: [digests[3]])
            try expect(try await ledger.condemned(among: nil, in: .standard, limit: 1).count, is: 1)
            try expect(try await ledger.condemned(among: nil, in: Namespace("other")!, limit: 9), is: [])
            try expect(try await ledger.free(), is: [entries([5])[0].digest])
        },
        LedgerCheck("a condemned chunk is not kept, and no entry can be made to refer to it") { ledger in
            try await ledger.condemned(0..<2)
            let digests = Set(entries(0..<2).map(\.digest))
            try expect(try await ledger.keptDigests(of: digests, in: .standard, by: nil), is: [])
            let id = try await ledger.begin().id
            let naming = Naming(expires: Timestamp(seconds: 1))
            try await ledger.commit([.declare(id, from: 0, entries(0..<2), kept: digests, naming)])
            try expect(try await ledger.known(of: id, in: 0..<9).map(\.isPresent), is: [false, false])
            try await ledger.commit([.declare(id, from: 0, entries(0..<2), kept: digests, naming)])
            try expect(try await ledger.known(of: id, in: 0..<9).map(\.isPresent), is: [false, false])
            try expect(try await ledger.recorded(of: digests, in: .standard), is: digests)
        },
        LedgerCheck("a condemned chunk whose bytes are kept anew is as any other") { ledger in
            try await ledger.condemned(0..<4)
            let upload = try await ledger.begin(0..<1)
            let id = try await ledger.begin().id
            try await ledger.name([1, 2], in: id)
            let placing = Placing(expires: Timestamp(seconds: 1))
            try await ledger.commit([.place(id, [chunk(1)], placing)])
            let digests = entries(0..<4).map(\.digest)
            try expect(try await ledger.condemnedDigests(), is: Set(digests[2...]))
            try expect(try await ledger.keptDigests(of: Set(digests), in: .standard, by: nil), is: Set(digests[..<2]))
            try expect(try await ledger.entries(of: upload), is: entries(0..<1))
            try await ledger.commit([.condemn(digests, in: .standard)])
            try expect(try await ledger.condemnedDigests(), is: Set(digests[2...]))
        },
        LedgerCheck("only a condemned chunk is dropped") { ledger in
            _ = try await ledger.begin([7])
            try await ledger.condemned(0..<2)
            let digests = entries([0, 1, 7, 50]).map(\.digest)
            for bad in digests[2...] {
                try await expectRefusal { try await ledger.commit([.drop([digests[0], bad], in: .standard)]) }
            }
            try expect(try await ledger.condemnedDigests(), is: Set(digests[..<2]))
            try await ledger.commit([.drop(Array(digests[..<2]), in: .standard)])
            try expect(try await ledger.condemnedDigests(), is: [])
            try expect(try await ledger.recorded(of: Set(digests), in: .standard), is: [digests[2]])
            let again = try await ledger.begin([0])
            try expect(try await ledger.entries(of: again), is: entries([0]))
        },
        LedgerCheck("namespaces condemn and drop their own") { ledger in
            let other = Namespace("other")!
            let upload = try await ledger.begin([1], in: other)
            try await ledger.condemned([1])
            try expect(try await ledger.condemned(among: nil, in: other, limit: 9), is: [])
            try await ledger.commit([.drop([chunk(1).entry.digest], in: .standard)])
            try expect(try await ledger.entries(of: upload), is: entries([1]))
        },
    ]

    private static let tombstones = [
        LedgerCheck("an ended upload is forgotten, and nothing else is") { ledger in
            let (open, ended, unshed) = (
                try await ledger.begin(0..<2), try await ledger.begin(0..<2), try await ledger.begin(0..<2)
            )
            try await ledger.endAndShed(ended)
            let tombstone = try await ledger.end(unshed)
            try await ledger.commit([.forget([open.id, ended.id, unshed.id, UploadID()])])
            try expect(try await ledger.upload(ended.id), is: nil)
            try expect(try await ledger.upload(open.id), is: open)
            try expect(try await ledger.upload(unshed.id), is: tombstone)
            try expect(try await ledger.list(.expired), is: [tombstone])
        },
        LedgerCheck("a name for what is forgotten stands for the other upload, or for none") { ledger in
            let (one, two) = (try await ledger.begin(), try await ledger.begin())
            let (gone, also) = (try await ledger.begin(), try await ledger.begin())
            let names: [(String, Generations, Generations?)] = [
                ("a", Generations(current: gone.id), nil),
                ("b", Generations(current: gone.id, challenger: one.id), Generations(current: one.id)),
                ("c", Generations(current: two.id, challenger: gone.id), Generations(current: two.id)),
                ("d", Generations(current: gone.id, challenger: also.id), nil),
                ("e", Generations(current: gone.id, challenger: gone.id), nil),
                (
                    "f", Generations(current: one.id, challenger: two.id),
                    Generations(current: one.id, challenger: two.id)
                ),
            ]
            try await ledger.commit(names.map { .name(key($0.0), $0.1) })
            for upload in [gone, also] { try await ledger.end(upload) }
            try await ledger.commit([.forget([gone.id, also.id])])
            for (name, _, wanted) in names {
                try expect(try await ledger.generations(of: key(name)), is: wanted, name)
            }
        },
        LedgerCheck("lists and their pages go on without what is forgotten") { ledger in
            var all: [Upload] = []
            for _ in 0..<6 { all.insert(try await ledger.begin(), at: 0) }
            for place in [0, 3] {
                try await ledger.end(all[place])
                try await ledger.commit([.forget([all[place].id])])
            }
            let new = try await ledger.begin()
            let wanted = [new, all[1], all[2], all[4], all[5]]
            try expect(try await ledger.list(), is: wanted)
            try expect(try await ledger.list(after: all[2]), is: Array(wanted[3...]))
        },
    ]
}

extension Ledger {
    /// Names chunks of an upload, from the first on.
    fileprivate func name(_ numbers: some Sequence<Int>, in id: UploadID) async throws {
        let naming = Naming(expires: Timestamp(seconds: 1))
        try await commit([.declare(id, from: 0, LedgerConformance.entries(numbers), kept: [], naming)])
    }

    @discardableResult
    func end(_ upload: Upload) async throws -> Upload {
        var ended = try await self.upload(upload.id) ?? upload
        ended.state = .expired
        ended.run = Run()
        ended.namedCount = 0
        try await commit([.end(ended)])
        return ended
    }

    func endAndShed(_ upload: Upload) async throws {
        try await end(upload)
        while let id = try await unshed(limit: 1).first { try await commit([.shed(id, limit: 100)]) }
    }

    /// Makes these chunks known, and condemned.
    func condemned(_ numbers: some Collection<Int>) async throws {
        try await endAndShed(try await begin(numbers))
        try await commit([.condemn(LedgerConformance.entries(numbers).map(\.digest), in: .standard)])
    }

    func condemnedDigests(among digests: [Digest]? = nil) async throws -> Set<Digest> {
        Set(
            try await condemned(among: digests.map { Set($0) }, in: .standard, limit: 100).map(\.entry.digest))
    }

    /// The digests of what nothing refers to.
    func free() async throws -> [Digest] {
        try await unreferenced(in: .standard, after: nil, looking: 1000).chunks.map(\.entry.digest)
    }
}
