import CairnContent
import CairnEngine

/// `RemovingStore`: gone at once, freed later, listed shelf by shelf.
enum RemovalChecks {
    static let all = [
        StoreCheck("a chunk that is removed is absent, and others are not") { store in
            for number in 0..<6 as Range<UInt64> { try await store.keep(noise(number, 100)) }
            let digests = (0..<8 as Range<UInt64>).map { Entry(of: noise($0, 100)).digest }
            let gone = [digests[0], digests[3], digests[7]]
            try await store.remove(gone, at: moment)
            try expect(try await store.missing(from: digests), is: [digests[0], digests[3], digests[6], digests[7]])
            try expect(try await store.chunk(noise(3, 100)), is: nil)
            try expect(try await store.chunk(noise(4, 100)), is: noise(4, 100))
            try await store.remove(gone, at: moment)
            try await store.remove([], at: moment)
        },
        StoreCheck("a chunk in quarantine is absent, can be kept again, and is never freed") { store in
            let bytes = noise(1, 70_000)
            let digest = Entry(of: bytes).digest
            for number in 0..<3 as Range<Int64> {
                try await store.keep(bytes)
                try await store.quarantine(digest, at: moment.advanced(by: .seconds(number)))
                try expect(try await store.chunk(bytes), is: nil)
                try expect(try await store.missing(from: [digest]), is: [digest])
                try await store.quarantine(digest, at: moment)
            }
            try expect(try await store.free(at: moment.advanced(by: .seconds(1 << 40)), .zero), is: 0)
            try await store.keep(bytes)
            try expect(try await store.chunk(bytes), is: bytes)
        },
        StoreCheck("a chunk that was removed can be kept again, and removed again") { store in
            let bytes = noise(1, 70_000)
            for _ in 0..<3 {
                try await store.keep(bytes)
                try expect(try await store.chunk(bytes), is: bytes)
                try await store.remove([Entry(of: bytes).digest], at: moment)
                try expect(try await store.chunk(bytes), is: nil)
            }
        },
        StoreCheck("every chunk is on the shelf of its first twelve bits, and nothing else is") { store in
            let digests = Set((0..<40 as Range<UInt64>).map { Entry(of: noise($0, 50)).digest })
            for number in 0..<40 as Range<UInt64> { try await store.keep(noise(number, 50)) }
            var found: [Digest] = []
            for shelf in 0..<4096 {
                let some = try await store.chunks(on: shelf)
                try expect(some.allSatisfy { $0.bytes[0] == UInt8(shelf >> 4) }, is: true, "shelf \(shelf)")
                found += some
            }
            try expect(found.count, is: 40)
            try expect(Set(found), is: digests)
        },
        StoreCheck("what was set aside is freed when it is old enough, a few at a time") { store in
            for number in 0..<9 as Range<UInt64> { try await store.keep(noise(number, 100)) }
            try await store.remove((0..<9 as Range<UInt64>).map { Entry(of: noise($0, 100)).digest }, at: moment)
            let day = Duration.seconds(86_400)
            try expect(try await store.free(at: moment.advanced(by: day - .seconds(1)), day), is: 0)
            try expect(try await store.free(at: moment.advanced(by: day), day, limit: 1), is: 9)
            try expect(try await store.free(at: moment.advanced(by: day), day), is: 0)
        },
        StoreCheck("a clock that was turned back keeps nothing in the trash for ever") { store in
            try await store.keep(noise(1, 100))
            try await store.remove([Entry(of: noise(1, 100)).digest], at: moment)
            let day = Duration.seconds(86_400)
            try expect(try await store.free(at: moment.advanced(by: .seconds(-3600)), day), is: 0)
            try expect(try await store.free(at: moment.advanced(by: .seconds(-315_360_000)), day), is: 1)
        },
        StoreCheck("nothing waits in the trash when it need not") { store in
            try await store.keep(noise(1, 100))
            try await store.remove([Entry(of: noise(1, 100)).digest], at: moment)
            try expect(try await store.free(at: moment, .zero), is: 1)
        },
    ]

    private static let moment = Timestamp(seconds: 1_700_000_000)
}

extension RemovingStore {
    /// Frees all of the trash that is due; returns how many files.
    fileprivate func free(at moment: Timestamp, _ age: Duration, limit: Int = 100) async throws -> Int {
        var count = 0
        for part in 0..<256 {
            var freed = 0
            repeat {
                freed = try await emptyTrash(part, at: moment, olderThan: age, limit: limit)
                guard freed <= limit else {
                    throw BrokenStorePromise(description: "\(freed) freed, of \(limit) allowed")
                }
                count += freed
            } while freed > 0
        }
        return count
    }
}
