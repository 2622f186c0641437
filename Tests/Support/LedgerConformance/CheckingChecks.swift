import CairnContent
import CairnEngine

/// What is known of chunks that were looked at again (spec/checking.md).
enum CheckingChecks {
    static let all = moments + damages

    private static let other = Namespace("other")!

    private static let moments = [
        LedgerCheck("a chunk is right as of the moment when it was kept or verified last") { ledger in
            _ = try await ledger.begin(0..<3)
            let digests = entries(0..<3).map(\.digest)
            let before = Timestamp.now().advanced(by: .seconds(-3600))
            for moment in try await ledger.kept(of: Set(digests), in: .standard, by: nil).values {
                try expect(moment > before, is: true)
            }
            try await ledger.commit([.verify([digests[1]], in: .standard, at: Timestamp(seconds: 7))])
            try expect(try await ledger.moment(digests[1]), is: Timestamp(seconds: 7))
            _ = try await ledger.begin([1])
            try expect(try await ledger.moment(digests[1]).map { $0 > before }, is: true)
        },
        LedgerCheck("unverified chunks are named by how long they wait, and those of a clock turned back") { ledger in
            _ = try await ledger.begin(0..<6)
            _ = try await ledger.begin(0..<6, in: other)
            for number in 0..<6 { try await ledger.verify(number, at: [50, 20, 90, 10, 40, 70][number]) }
            try expect(try await ledger.unverified(30...60), is: [3, 1, 5, 2])
            try expect(try await ledger.unverified(30...60, limit: 3), is: [3, 1, 5])
            try expect(try await ledger.unverified(30...60, limit: 1), is: [3])
            try expect(try await ledger.unverified(10...90), is: [])
            try expect(try await ledger.unverified(11...90), is: [3])
        },
        LedgerCheck("kept chunks are listed in order of their digests, a page at a time") { ledger in
            _ = try await ledger.begin(0..<9)
            _ = try await ledger.begin(20..<22, in: other)
            let all = chunks(0..<9).sorted { $0.entry.digest < $1.entry.digest }
            try await ledger.commit([.damage([all[4].entry.digest], in: .standard, at: Timestamp(seconds: 1))])
            let first = try await ledger.keptChunks(in: .standard, after: nil, limit: 5)
            try expect(first, is: Array(all[..<4] + all[5..<6]))
            let rest = try await ledger.keptChunks(in: .standard, after: all[5].entry.digest, limit: 50)
            try expect(rest, is: Array(all[6...]))
        },
        LedgerCheck("whoever refers to a chunk is named, once, as long as it has not ended") { ledger in
            let (first, second) = (try await ledger.begin([1, 2, 1]), try await ledger.begin([2, 3]))
            _ = try await ledger.begin([1, 2], in: other)
            try expect(try await ledger.holders(1), is: [first.id])
            try expect(try await ledger.holders(2), is: [first.id, second.id])
            try expect(try await ledger.holders(2, limit: 1), is: [first.id])
            try expect(try await ledger.holders(9), is: [])
            try await ledger.end(first)
            try expect(try await ledger.holders(2), is: [second.id])
        },
    ]

    private static let damages = [
        LedgerCheck("a damaged chunk is not kept, and no entry can be made to refer to it") { ledger in
            _ = try await ledger.begin(0..<2)
            try await ledger.damage([0, 1])
            let digests = Set(entries(0..<2).map(\.digest))
            try expect(try await ledger.keptDigests(of: digests, in: .standard, by: nil), is: [])
            try expect(try await ledger.unverified(100...200), is: [])
            let id = try await ledger.begin().id
            let naming = Naming(expires: Timestamp(seconds: 1))
            try await ledger.commit([.declare(id, from: 0, entries(0..<2), kept: digests, naming)])
            try expect(try await ledger.known(of: id, in: 0..<9).map(\.isPresent), is: [false, false])
        },
        LedgerCheck("files with a damaged chunk are damaged until someone brings it, and others are not") { ledger in
            let (whole, hurt) = (try await ledger.complete([1, 2]), try await ledger.complete([2, 3]))
            let open = try await ledger.begin([3])
            try await ledger.damage([3])
            try expect(try await ledger.damaged([whole, hurt, open]), is: [hurt.id])
            try expect(try await ledger.list(.complete).map(\.isDamaged), is: [true, false])
            try expect(try await ledger.entries(of: hurt), is: entries([2, 3]))
            try expect(try await ledger.holders(3), is: [hurt.id, open.id])
            _ = try await ledger.begin([3])
            try expect(try await ledger.damaged([whole, hurt, open]), is: [])
        },
        LedgerCheck("a damaged chunk that nothing refers to is condemned like any other") { ledger in
            let upload = try await ledger.begin([5])
            try await ledger.damage([5])
            try expect(try await ledger.free(), is: [])
            try await ledger.endAndShed(upload)
            let digest = chunk(5).entry.digest
            try expect(try await ledger.free(), is: [digest])
            try await ledger.commit([.condemn([digest], in: .standard)])
            try await ledger.commit([.drop([digest], in: .standard)])
            try expect(try await ledger.recorded(of: [digest], in: .standard), is: [])
        },
        LedgerCheck("only kept chunks are verified or damaged") { ledger in
            try await ledger.condemned(0..<1)
            _ = try await ledger.begin([1])
            try await ledger.damage([1])
            for number in [0, 1, 8] { try await ledger.verify(number, at: 7) }
            try await ledger.damage([0, 8])
            try expect(
                try await ledger.keptDigests(of: Set(entries([0, 1, 8]).map(\.digest)), in: .standard, by: nil), is: [])
            try expect(try await ledger.condemnedDigests(), is: [chunk(0).entry.digest])
        },
    ]
}

extension Ledger {
    fileprivate func moment(_ digest: Digest) async throws -> Timestamp? {
        try await kept(of: [digest], in: .standard, by: nil)[digest]
    }

    fileprivate func verify(_ number: Int, at seconds: Int64) async throws {
        try await commit([.verify([chunk(number).entry.digest], in: .standard, at: Timestamp(seconds: seconds))])
    }

    fileprivate func damage(_ numbers: [Int]) async throws {
        try await commit([.damage(numbers.map { chunk($0).entry.digest }, in: .standard, at: Timestamp(seconds: 150))])
    }

    /// The numbers below 10 of the chunks that wait.
    fileprivate func unverified(_ trusted: ClosedRange<Int64>, limit: Int = 100) async throws -> [Int] {
        let range = Timestamp(seconds: trusted.lowerBound)...Timestamp(seconds: trusted.upperBound)
        let found = try await unverified(in: .standard, outside: range, limit: limit)
        return found.compactMap { found in (0..<10).first { chunk($0) == found } }
    }

    fileprivate func holders(_ number: Int, limit: Int = 100) async throws -> [UploadID] {
        try await uploads(referringTo: chunk(number).entry.digest, in: .standard, limit: limit).map(\.id)
    }

    fileprivate func complete(_ numbers: [Int]) async throws -> Upload {
        var file = LedgerSamples.upload(numbers)
        file.state = .complete
        try await commit([.write(file, entries: chunks(numbers))])
        return file
    }

    fileprivate func damaged(_ uploads: [Upload]) async throws -> [UploadID] {
        var damaged: [UploadID] = []
        for id in uploads.map(\.id) where try await upload(id)?.isDamaged == true { damaged.append(id) }
        return damaged
    }
}
