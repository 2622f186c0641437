import CairnContent
import CairnEngine
import NIOCore

/// `ChunkDraft`: bytes in order, forgotten unless kept.
enum DraftChecks {
    static let all = [
        StoreCheck("bytes that come in any pieces make the same chunk") { store in
            let bytes = noise(1, 3000)
            for length in [1, 7, 512, 2999, 3000] {
                let draft = try await store.draft(continuing: nil)
                for start in stride(from: 0, to: bytes.count, by: length) {
                    try await draft.append(ByteBuffer(bytes: bytes[start..<min(start + length, bytes.count)]))
                }
                try await store.keep(draft, as: bytes)
                try expect(try await store.chunk(bytes), is: bytes, "pieces of \(length)")
            }
        },
        StoreCheck("a piece without bytes changes nothing") { store in
            let draft = try await store.draft(continuing: nil)
            try await draft.append(ByteBuffer())
            try await draft.append(ByteBuffer(bytes: noise(1, 10)))
            try await draft.append(ByteBuffer())
            try await store.keep(draft, as: noise(1, 10))
            try expect(try await store.chunk(noise(1, 10)), is: noise(1, 10))
        },
        StoreCheck("what is to be done while bytes are written is done once, before the writing is told") { store in
            let draft = try await store.draft(continuing: nil)
            for count in 1...3 {
                var done = 0
                try await draft.append(ByteBuffer(bytes: noise(UInt64(count), 100))) { done += 1 }
                try expect(done, is: 1, "piece \(count)")
            }
        },
        StoreCheck("drafts that are written at the same time do not mix") { store in
            let drafts = [try await store.draft(continuing: nil), try await store.draft(continuing: nil)]
            for place in 0..<50 {
                for (number, draft) in drafts.enumerated() {
                    let bytes = noise(UInt64(number), 1000)[place * 20..<place * 20 + 20]
                    try await draft.append(ByteBuffer(bytes: bytes))
                }
            }
            for (number, draft) in drafts.enumerated() { try await store.keep(draft, as: noise(UInt64(number), 1000)) }
            for number in 0..<2 as Range<UInt64> {
                try expect(try await store.chunk(noise(number, 1000)), is: noise(number, 1000))
            }
        },
        StoreCheck("a draft that is let go leaves no chunk") { store in
            _ = try await store.draft(noise(1, 1000))
            try expect(try await store.chunk(noise(1, 1000)), is: nil)
            try await store.keep(noise(1, 1000))
            try expect(try await store.chunk(noise(1, 1000)), is: noise(1, 1000))
        },
        StoreCheck("a cancelled task appends as any other") { store in
            let draft = try await store.draft(continuing: nil)
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await draft.append(ByteBuffer(bytes: noise(1, 1000)))
            }
            task.cancel()
            try await task.value
            try await store.keep(draft, as: noise(1, 1000))
        },
    ]
}
