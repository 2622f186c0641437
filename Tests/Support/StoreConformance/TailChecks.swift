import CairnContent
import CairnEngine
import NIOCore

/// `TailStore`: the bytes of a chunk that still arrives are there again after a break.
enum TailChecks {
    static let all = [
        StoreCheck("a persisted draft reads back as a tail") { store in
            let draft = try await store.draft(noise(1, 1000))
            let name = try await draft.persist(for: UploadID())
            try expect(try await store.bytes(of: Tail(noise(1, 1000), name)), is: noise(1, 1000))
        },
        StoreCheck("a tail is named for its upload, and a new one gets a new name") { store in
            let upload = UploadID()
            let names = [
                try await store.draft(noise(1, 10)).persist(for: upload),
                try await store.draft(noise(1, 10)).persist(for: upload),
                try await store.draft(noise(1, 10)).persist(for: UploadID()),
            ]
            try expect(Set(names).count, is: 3)
            try expect(names.map { $0.upload == upload }, is: [true, true, false])
        },
        StoreCheck("a draft that has a name keeps it as it grows") { store in
            let draft = try await store.draft(continuing: nil)
            var names: Set<TailName> = []
            for place in 0..<10 {
                try await draft.append(ByteBuffer(bytes: noise(1, 1000)[place * 100..<place * 100 + 100]))
                let name = try await draft.persist(for: UploadID())
                names.insert(name)
                let bytes = Array(noise(1, 1000)[..<(place * 100 + 100)])
                try expect(try await store.bytes(of: Tail(bytes, name)), is: bytes)
            }
            try expect(names.count, is: 1)
        },
        StoreCheck("a tail reads as many bytes as its entry says, although more have come") { store in
            let (name, _) = try await persisted(noise(1, 1000), growingBy: noise(2, 500), in: store)
            try expect(try await store.bytes(of: Tail(noise(1, 1000), name)), is: noise(1, 1000))
        },
        StoreCheck("a tail that is absent, or shorter than its entry says, reads as nil") { store in
            let name = try await store.draft(noise(1, 100)).persist(for: UploadID())
            try expect(try await store.bytes(of: Tail(noise(1, 101), name)), is: nil)
            let other = TailName(upload: UploadID(), generation: 7)
            try expect(try await store.bytes(of: Tail(noise(1, 100), other)), is: nil)
        },
        StoreCheck("a draft goes on where a tail ends, whatever came after it") { store in
            for isGone in [false, true] {
                var (name, draft) = try await persisted(noise(1, 1000), growingBy: noise(2, 500), in: store)
                if isGone { draft = nil }
                let next = try await store.draft(continuing: Tail(noise(1, 1000), name))
                try await next.append(ByteBuffer(bytes: noise(3, 800)))
                try await store.keep(next, as: noise(1, 1000) + noise(3, 800))
                try expect(
                    try await store.chunk(noise(1, 1000) + noise(3, 800)), is: noise(1, 1000) + noise(3, 800))
                withExtendedLifetime(draft) {}
            }
        },
        StoreCheck("a tail goes on again and again until its chunk is full") { store in
            let bytes = noise(1, 2000)
            var tail: Tail?
            for place in 0..<20 {
                let draft = try await store.draft(continuing: tail)
                try await draft.append(ByteBuffer(bytes: bytes[place * 100..<place * 100 + 100]))
                tail = Tail(Array(bytes[..<(place * 100 + 100)]), try await draft.persist(for: UploadID()))
            }
            try await store.keep(try await store.draft(continuing: tail), as: bytes)
            try expect(try await store.chunk(bytes), is: bytes)
        },
        StoreCheck("two drafts that go on from one tail do not disturb each other") { store in
            let name = try await store.draft(noise(1, 1000)).persist(for: UploadID())
            let tail = Tail(noise(1, 1000), name)
            let older = try await store.draft(continuing: tail)
            try await older.append(ByteBuffer(bytes: noise(2, 300)))
            let newer = try await store.draft(continuing: tail)
            try await newer.append(ByteBuffer(bytes: noise(3, 500)))
            try await older.append(ByteBuffer(bytes: noise(4, 300)))
            try await store.keep(older, as: noise(1, 1000) + noise(2, 300) + noise(4, 300))
            try await store.keep(newer, as: noise(1, 1000) + noise(3, 500))
            for bytes in [noise(1, 1000) + noise(2, 300) + noise(4, 300), noise(1, 1000) + noise(3, 500)] {
                try expect(try await store.chunk(bytes), is: bytes)
            }
        },
        StoreCheck("a tail stays usable after its chunk was committed, and the chunk stays as it is") { store in
            let chunk = noise(1, 1000) + noise(2, 500)
            let draft = try await store.draft(noise(1, 1000))
            let tail = Tail(noise(1, 1000), try await draft.persist(for: UploadID()))
            try await draft.append(ByteBuffer(bytes: noise(2, 500)))
            try await store.keep(draft, as: chunk)

            try expect(try await store.bytes(of: tail), is: noise(1, 1000))
            let other = try await store.draft(continuing: tail)
            try await other.append(ByteBuffer(bytes: noise(3, 600)))
            let otherTail = Tail(noise(1, 1000) + noise(3, 600), try await other.persist(for: UploadID()))
            try await store.keep(other, as: noise(1, 1000) + noise(3, 600))
            try expect(try await store.chunk(chunk), is: chunk)
            try expect(try await store.bytes(of: otherTail), is: noise(1, 1000) + noise(3, 600))
        },
        StoreCheck("a dropped tail is absent, and the chunk it became is not") { store in
            let draft = try await store.draft(noise(1, 1000))
            let tail = Tail(noise(1, 1000), try await draft.persist(for: UploadID()))
            try await store.keep(draft, as: noise(1, 1000))
            await store.drop(tail.name)
            try expect(try await store.bytes(of: tail), is: nil)
            try expect(try await store.chunk(noise(1, 1000)), is: noise(1, 1000))
        },
        StoreCheck("dropping a tail that is absent does nothing") { store in
            await store.drop(TailName(upload: UploadID(), generation: 0))
            let name = try await store.draft(noise(1, 10)).persist(for: UploadID())
            await store.drop(name)
            await store.drop(name)
        },
    ]

    /// A tail, and the draft that has gone on without being persisted again.
    private static func persisted(
        _ bytes: [UInt8], growingBy more: [UInt8], in store: any Store
    ) async throws -> (TailName, (any ChunkDraft)?) {
        let draft = try await store.draft(bytes)
        let name = try await draft.persist(for: UploadID())
        try await draft.append(ByteBuffer(bytes: more))
        return (name, draft)
    }
}
