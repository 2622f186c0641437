import CairnContent
import CairnEngine
import NIOCore

/// `ChunkStore`: durable under their digests, whole or absent.
enum ChunkChecks {
    static let all = [
        StoreCheck("a committed chunk reads back byte for byte, whatever its length and its bytes") { store in
            for length in [1, 2, 63, 64, 65, 4095, 65_535, 65_536, 65_537, 300_000] {
                for bytes in [noise(1, length), lines(length), Array(repeating: 0, count: length)] {
                    try await store.keep(bytes)
                    try expect(try await store.chunk(bytes), is: bytes, "\(length) bytes")
                }
            }
        },
        StoreCheck("an absent chunk reads as nil") { store in
            try await store.keep(noise(1, 100))
            try expect(try await store.chunk(noise(2, 100)), is: nil)
        },
        StoreCheck("a commit gives a verdict for each chunk, in their order") { store in
            let all = (1...80).map { noise(UInt64($0), $0 * 10) }
            var chunks: [VerifiedChunk] = []
            for bytes in all {
                chunks.append(VerifiedChunk(entry: Entry(of: bytes), draft: try await store.draft(bytes)))
            }
            let stored = try await store.commit(chunks, anew: false).map { try $0.get() }
            try expect(stored.map(\.entry), is: all.map { Entry(of: $0) })
            for bytes in all { try expect(try await store.chunk(bytes), is: bytes) }
        },
        StoreCheck("a stored chunk takes at least one byte, and no more than it has") { store in
            for bytes in [noise(1, 1), noise(2, 70_000), lines(100), lines(70_000)] {
                let chunk = VerifiedChunk(entry: Entry(of: bytes), draft: try await store.draft(bytes))
                for stored in await store.commit([chunk], anew: false) {
                    try expect((1...bytes.count).contains(try stored.get().storedLength), is: true)
                }
            }
        },
        StoreCheck("a commit of nothing gives no verdicts") { store in
            try expect(await store.commit([], anew: false).count, is: 0)
        },
        StoreCheck("a chunk that is there already counts again, alone and beside itself") { store in
            let bytes = noise(1, 5000)
            try await store.keep(bytes)
            try await store.keep(bytes)
            for anew in [false, true] {
                let twins = [try await store.draft(bytes), try await store.draft(bytes)]
                let entry = Entry(of: bytes)
                let verdicts = await store.commit(twins.map { VerifiedChunk(entry: entry, draft: $0) }, anew: anew)
                try expect(try verdicts.map { try $0.get().entry }, is: [entry, entry])
                try expect(try await store.chunk(bytes), is: bytes)
            }
        },
        StoreCheck("commits from many tasks at once all hold") { store in
            try await withThrowingTaskGroup { group in
                for number in 0..<200 { group.addTask { try await store.keep(noise(UInt64(number % 150), 500)) } }
                try await group.waitForAll()
            }
            for number in 0..<150 {
                let bytes = noise(UInt64(number), 500)
                try expect(try await store.chunk(bytes), is: bytes)
            }
        },
        StoreCheck("a cancelled task commits as any other") { store in
            let bytes = noise(1, 5000)
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await store.keep(bytes)
            }
            task.cancel()
            try await task.value
            try expect(try await store.chunk(bytes), is: bytes)
        },
        StoreCheck("the missing are named in their order, as often as they were asked for") { store in
            try await store.keep(noise(1, 100))
            try await store.keep(noise(3, 100))
            let asked = [4, 1, 2, 3, 2, 1].map { Entry(of: noise($0, 100)).digest }
            try expect(try await store.missing(from: asked), is: [asked[0], asked[2], asked[4]])
            try expect(try await store.missing(from: []), is: [])
            let many = (10..<1000).map { Digest(hashing: noise($0, 8).span) }
            try expect(try await store.missing(from: many), is: many)
        },
    ]
}
